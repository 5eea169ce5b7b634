"""Two verbs for a model in service. The logic is in the library, which knows nothing of Prefect."""

import keepfit.serving.monitoring
import keepfit.serving.scoring
from tasks.stages import HOUR
from tasks.wrapper import of_service

score = of_service(keepfit.serving.scoring.score, timeout=24 * HOUR)
monitor = of_service(keepfit.serving.monitoring.monitor, timeout=6 * HOUR)
