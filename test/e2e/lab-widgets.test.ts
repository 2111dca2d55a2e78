// Widgets in JupyterLab: moved with mouse and keyboard, their callbacks run in the session.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { describeInLab, type NotebookPage } from '../helpers/lab.js';

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
  `import os
before = slider.value
print('waiting')
while not os.path.exists(moved):
    time.sleep(0.05)
print('moved by', slider.value - before, 'in the cell')`,
  `print('moved by', slider.value - before, 'after the cell')`,
] as const;

describeInLab('widgets in JupyterLab', (lab) => {
  let notebook: NotebookPage;
  /** The cell that waits goes on when it is there. */
  let moved: string;

  beforeAll(async () => {
    moved = path.join(lab().jupyter.directory, 'moved');
    notebook = await lab().open('widgets.ipynb', 'rserver-python', [
      ...CELLS,
      `moved = ${JSON.stringify(moved)}`,
    ]);
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

  test('a slider that is moved while a cell runs holds nothing up, and calls its observers after the cell', async () => {
    await notebook.run(CELLS.length);
    await notebook.run(5);
    await notebook.output(5).getByText('waiting').waitFor();
    await slider(0).focus();

    await notebook.page.keyboard.press('ArrowLeft');
    await notebook.page.keyboard.press('ArrowLeft');
    await notebook.output(0).locator('.widget-readout', { hasText: '3' }).waitFor();
    await notebook.screenshot('lab-widgets-busy');
    await notebook.running(5);
    writeFileSync(moved, '');

    await notebook.output(5).getByText('moved by 0 in the cell').waitFor();
    await notebook.output(0).getByText('in Python: 3').waitFor();
    await notebook.run(6);
    await notebook.output(6).getByText('moved by -2 after the cell').waitFor();
  });

  test('a page that is loaded anew shows the widgets as they are', async () => {
    await notebook.save();
    await notebook.reload();
    await notebook.idle();

    await notebook.output(0).getByText('in Python: 3').waitFor();
    await slider(0).focus();
    await notebook.page.keyboard.press('ArrowRight');

    await notebook.output(0).getByText('in Python: 4').waitFor();
    await notebook.screenshot('lab-widgets-reloaded');
  });
});
