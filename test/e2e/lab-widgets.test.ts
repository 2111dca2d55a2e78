// Widgets in JupyterLab: moved with mouse and keyboard, their callbacks run in the session.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab, type NotebookPage } from '../helpers/lab.js';
import { isMissing } from '../helpers/requirements.js';

const CELLS = [
  `import ipywidgets as widgets
slider = widgets.IntSlider(description='n', value=3)
label = widgets.Label()
slider.observe(lambda change: setattr(label, 'value', 'in Python: %d' % change['new']), 'value')
widgets.VBox([slider, label])`,
  'print("the slider is at", slider.value)',
  `import matplotlib.pyplot as plt
@widgets.interact(power=(1, 4))
def draw(power=1):
    print('power', power)
    plt.figure(figsize=(3, 2))
    plt.plot([x ** power for x in range(10)])
    plt.show()`,
  `bar = widgets.IntProgress(max=3)
go = widgets.Button(description='never pressed')
display(bar)
import time
for step in range(3):
    bar.value = step + 1
    time.sleep(0.2)
time.sleep(120)`,
  `button = widgets.Button(description='Fail')
out = widgets.Output()
@out.capture()
def on_click(_):
    print('clicked')
    1 / 0
button.on_click(on_click)
widgets.VBox([button, out])`,
] as const;

describe.skipIf(isMissing('jupyterlab', 'chromium', 'build'))('widgets in JupyterLab', () => {
  let lab: Lab;
  let notebook: NotebookPage;

  beforeAll(async () => {
    lab = await Lab.start();
    notebook = await lab.open('widgets.ipynb', 'rserver-python', CELLS);
  });
  afterAll(async () => {
    await lab.close();
  });

  const slider = (index: number) => notebook.output(index).locator('.noUi-handle');

  test('a slider that is moved calls its observers, and its value is that of the object', async () => {
    await notebook.run(0);
    await slider(0).focus();

    await notebook.page.keyboard.press('ArrowRight');
    await notebook.page.keyboard.press('ArrowRight');
    await notebook.output(0).getByText('in Python: 5').waitFor();
    await notebook.run(1);

    await notebook.output(1).getByText('the slider is at 5').waitFor();
  });

  test('interact shows what the function prints and draws, in place of what it showed before', async () => {
    await notebook.run(2);
    await notebook.output(2).getByText('power 1', { exact: true }).waitFor();
    await slider(2).focus();

    await notebook.page.keyboard.press('ArrowRight');
    await notebook.output(2).getByText('power 2', { exact: true }).waitFor();
    await notebook.output(2).locator('img').waitFor();
    await notebook.screenshot('lab-widgets-interact');

    expect(await notebook.output(2).getByText('power 1', { exact: true }).count()).toBe(0);
    expect(await notebook.output(2).locator('img').count()).toBe(1);
  });

  test('a progress bar moves while its cell runs', async () => {
    await notebook.run(3);

    await notebook.output(3).locator('.progress-bar[style*="width: 100%"]').waitFor();
    await notebook.screenshot('lab-widgets-progress');

    const prompt = await notebook.cell(3).locator('.jp-InputPrompt').textContent();
    expect(prompt).toContain('*');
    await notebook.interrupt();
    await notebook.output(3).getByText('KeyboardInterrupt').first().waitFor();
  });

  test('what a callback prints, and how it fails, is shown where it is captured', async () => {
    await notebook.run(4);
    const button = notebook.output(4).getByRole('button', { name: 'Fail' });
    await button.click();

    // The traceback below it quotes the line that printed it.
    await notebook.output(4).getByText('clicked').first().waitFor();
    await notebook.output(4).getByText('ZeroDivisionError').first().waitFor();
    await notebook.screenshot('lab-widgets-callback');
  });

  test('a page that is loaded anew shows the widgets as they are', async () => {
    await notebook.page.keyboard.press('Control+s');
    await notebook.page.reload();
    await notebook.ready();

    await notebook.output(0).getByText('in Python: 5').waitFor();
    await slider(0).focus();
    await notebook.page.keyboard.press('ArrowRight');

    await notebook.output(0).getByText('in Python: 6').waitFor();
    await notebook.screenshot('lab-widgets-reloaded');
  });
});
