"""The house's import contract, as pytest sees it."""

from importlinter.cli import lint_imports


def test_imports_point_down_the_house(capsys):
    assert lint_imports(no_cache=True) == 0, capsys.readouterr().out
