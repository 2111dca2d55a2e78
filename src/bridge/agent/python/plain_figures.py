"""A matplotlib backend for sessions without IPython: figures are shown at `plt.show()` and at the end of the cell.

Imported by matplotlib itself, by its name in MPLBACKEND.
"""
import io

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from _rserver_kernel.messages import channel, display_message

FigureCanvas = FigureCanvasAgg
FigureManager = FigureManagerBase


def new_figure_manager(num, *args, **kwargs):
    figure_class = kwargs.pop("FigureClass", Figure)
    return new_figure_manager_given_figure(num, figure_class(*args, **kwargs))


def new_figure_manager_given_figure(num, figure):
    return FigureManager(FigureCanvas(figure), num)


def draw_if_interactive():
    """Nothing is drawn before it is shown."""


def show(*args, **kwargs):
    """Shows every open figure and closes it."""
    managers = Gcf.get_all_fig_managers()
    try:
        for manager in managers:
            figure = manager.canvas.figure
            data = {"image/png": png_of(figure), "text/plain": repr(figure)}
            channel.send(display_message(data, None, None, False))
    finally:
        if managers:
            Gcf.destroy_all()


def is_figure(value):
    return isinstance(value, Figure)


def png_of(figure):
    """The figure as IPython's inline backend prints it: PNG, cropped to what is drawn."""
    if figure.canvas is None:
        FigureCanvas(figure)
    content = io.BytesIO()
    figure.canvas.print_figure(
        content,
        format="png",
        bbox_inches="tight",
        dpi=figure.dpi,
        facecolor=figure.get_facecolor(),
        edgecolor=figure.get_edgecolor(),
    )
    return content.getvalue()
