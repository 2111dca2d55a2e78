// Questions of the session in JupyterLab: the box to type into, and what is kept of an answer.
import { expect, test } from 'vitest';
import { describeInLab, type NotebookPage } from '../helpers/lab.js';
import type { KernelName } from '../helpers/notebook.js';

const LANGUAGES = [
  {
    kernel: 'rserver-r',
    ask: 'name <- readline("Name? ")\npaste("Good morning,", name)',
    askSecret: 'pin <- getOption("askpass")("PIN? ")\nnchar(pin) * 11',
    choose: 'c("low", "high")[menu(c("low", "high"), title = "Which?")]',
    interrupted: /Interrupt/,
  },
  {
    kernel: 'rserver-python',
    ask: 'name = input("Name? ")\n"Good morning, " + name',
    askSecret: 'import getpass\npin = getpass.getpass("PIN? ")\nlen(pin) * 11',
    choose: '["low", "high"][int(input("Which? 1: low, 2: high\\nSelection: ")) - 1]',
    interrupted: /KeyboardInterrupt/,
  },
] as const satisfies readonly (Record<string, unknown> & { kernel: KernelName })[];

const SECRET = 'correct horse';

describeInLab('a question in JupyterLab', (lab) => {
  test.each(LANGUAGES)('is asked in a box and answered with Enter ($kernel)', async (language) => {
    const { kernel } = language;
    const notebook = await lab().open(`ask-${kernel}.ipynb`, kernel, [
      language.ask,
      language.choose,
    ]);

    await notebook.run(0);
    await notebook.question(0).waitFor();
    await notebook.screenshot(`lab-question-${kernel}-1`);
    await answer(notebook, 'Ada');
    await notebook.output(0).getByText('Good morning, Ada').waitFor();
    await notebook.run(1);
    await notebook.question(1).waitFor();
    await answer(notebook, '2');
    await notebook.output(1).getByText("'high'").waitFor();
    await notebook.screenshot(`lab-question-${kernel}-2`);

    expect(await notebook.output(0).first().textContent()).toMatch(/^Name\? +Ada/);
    await notebook.close();
  });

  test.each(LANGUAGES)(
    'for a password shows dots, and the password is in neither page nor notebook ($kernel)',
    async (language) => {
      const { kernel } = language;
      const name = `secret-${kernel}.ipynb`;
      const notebook = await lab().open(name, kernel, [language.askSecret]);

      await notebook.run(0);
      await notebook.question(0).waitFor();
      expect(await notebook.question(0).getAttribute('type')).toBe('password');
      await notebook.page.keyboard.type(SECRET);
      await notebook.screenshot(`lab-password-${kernel}-1`);
      await notebook.page.keyboard.press('Enter');
      await notebook
        .output(0)
        .getByText((SECRET.length * 11).toString())
        .waitFor();
      await notebook.idle();
      await notebook.screenshot(`lab-password-${kernel}-2`);
      await notebook.save();

      expect(await notebook.page.content()).not.toContain(SECRET);
      expect(lab().savedText(name)).toContain('PIN?');
      expect(lab().savedText(name)).not.toContain(SECRET);
      await notebook.close();
    },
  );

  test.each(LANGUAGES)(
    'that is interrupted ends its cell, and the next cell asks anew ($kernel)',
    async (language) => {
      const { kernel } = language;
      const notebook = await lab().open(`leave-${kernel}.ipynb`, kernel, [
        language.ask,
        language.ask,
      ]);

      await notebook.run(0);
      await notebook.question(0).waitFor();
      await notebook.interrupt();
      await notebook.output(0).getByText(language.interrupted).first().waitFor();
      await notebook.idle();
      await notebook.run(1);
      await notebook.question(1).waitFor();
      await answer(notebook, 'Grace');

      await notebook.output(1).getByText('Good morning, Grace').waitFor();
      await notebook.screenshot(`lab-question-${kernel}-interrupted`);
      await notebook.close();
    },
  );
});

/** The box has the focus. */
async function answer({ page }: NotebookPage, text: string): Promise<void> {
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}
