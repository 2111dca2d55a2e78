// A widget of a Python cell in an R notebook: moved in JupyterLab, it moves the object in the second session.
import { expect, test } from 'vitest';
import { describeInLab } from '../helpers/lab.js';

describeInLab('two languages in JupyterLab', (lab) => {
  test('a slider of Python in an R notebook works', async () => {
    const notebook = await lab().open('two.ipynb', 'rserver-r', [
      `%%python
import ipywidgets as widgets
slider = widgets.IntSlider(description='n', value=3)
label = widgets.Label()
slider.observe(lambda change: setattr(label, 'value', 'in Python: %d' % change['new']), 'value')
widgets.VBox([slider, label])`,
      '%%python\nprint("the slider is at", slider.value)',
    ]);

    await notebook.run(0);
    await notebook.output(0).locator('.noUi-handle').focus();
    await notebook.page.keyboard.press('ArrowRight');
    await notebook.output(0).getByText('in Python: 4').waitFor();
    await notebook.run(1);
    await notebook.output(1).getByText('the slider is at 4').waitFor();
    await notebook.screenshot('lab-two-languages');

    expect(await notebook.output(0).locator('.noUi-handle').count()).toBe(1);
  });
});
