"""Pages from templates."""

from keepfit import redact
from keepfit.report.rendering import rendered


def test_no_secret_is_on_any_page():
    redact.secret("hunter2 of a test")
    row = {"name": "hunter2 of a test", "address": "/a", "serving": "nothing yet", "when": "", "newest": "not run yet"}
    page = rendered("index.html", rows=[row])
    assert "hunter2" not in page
    assert redact.HIDDEN in page
