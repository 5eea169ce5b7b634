"""What stands on a Prefect server so that pipelines run by themselves: pools, deployments, automations."""
