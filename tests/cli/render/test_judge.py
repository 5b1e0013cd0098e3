"""The numbers of a judge's test, with what the judge said where it could not be read."""

from rich.console import Console

from negmine.cli.render.judge import numbers


def test_texts_of_a_judge_are_shown_as_they_are_and_steer_nothing():
    console = Console(width=60, record=True)
    said = "[bold]banana[/bold] \x1b[31m" + "b" * 2000
    console.print(
        numbers({"answers": 1234, "auc": 0.5, "agreement": None, "unreadable_example": said})
    )
    shown = console.export_text()
    assert "1,234" in shown and "0.5000" in shown and "[bold]banana" in shown
    assert "\x1b" not in shown and len(shown) < 2500
