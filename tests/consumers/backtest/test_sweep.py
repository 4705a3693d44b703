"""The sweep: the value in force is on the grid, and a looser one finds no less."""

from datetime import timedelta

from consumers.backtest.record import TextRead
from consumers.backtest.run import run
from consumers.backtest.stream import place
from consumers.backtest.sweep import KNOB, grid, sweep
from consumers.backtest.truth import Truth
from groundswell.messages import Alert
from groundswell.settings import ConvergerSettings, Settings
from model import taxonomy

GRACE = timedelta(hours=1)


def test_the_grid_holds_the_value_in_force_and_only_what_the_setting_may_be() -> None:
    settings = ConvergerSettings.model_validate({KNOB: 0.1})
    values = [value for value, _ in grid(settings)]
    assert values[:6] == [0.001, 0.003, 0.01, 0.03, 0.1, 0.3]
    assert [ConvergerSettings.model_validate({KNOB: value}) for value in values] == [chosen for _, chosen in grid(settings)]


def test_each_point_is_a_run_of_its_own_and_one_is_in_force(planted: list[TextRead]) -> None:
    first = planted[0].published_at
    surge = {"entity": "acme", "start": first + timedelta(hours=31), "end": first + timedelta(hours=32)}
    truth = Truth.model_validate({"surges": [surge]})
    stream, tried = place(planted, Settings()), list[float]()

    def once(settings: ConvergerSettings) -> list[Alert]:
        tried.append(getattr(settings, KNOB))
        return run(stream, settings, taxonomy.load(), (dict, dict))

    points = list(sweep(ConvergerSettings(), once, truth, 2.0, GRACE))
    assert [point.value for point in points] == tried == sorted(tried)
    assert [point.value for point in points if point.chosen] == [getattr(ConvergerSettings(), KNOB)]
    delays = [point.judgements[0].delay(0.5) or 1e9 for point in points]
    assert delays[0] >= delays[-1]
    assert points[-1].judgements[0].recall == 1
