// What R code shows by itself: the display helpers, methods of the user's own, widgets, charts, and plots by options.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentMessage } from '../../../src/bridge/agent/agent.js';
import { RAgentHost, type Channel } from '../../helpers/r-agent-host.js';
import { isMissing } from '../../helpers/requirements.js';

const CHANNELS: readonly Channel[] = ['events', 'console'];
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>';

describe.skipIf(isMissing('R')).each(CHANNELS)('R code on the %s channel', (channel) => {
  let host: RAgentHost;
  beforeAll(async () => {
    host = new RAgentHost(channel);
    await host.install();
  });
  afterAll(async () => {
    await host.close();
  });

  async function shown(code: string): Promise<readonly AgentMessage[]> {
    const { messages, error } = await host.run(code);
    expect(error).toBe('');
    return messages.slice(0, -1);
  }

  async function has(packageName: string): Promise<boolean> {
    const messages = await shown(
      `cat(isTRUE(suppressMessages(requireNamespace("${packageName}", quietly = TRUE))))`,
    );
    return JSON.stringify(messages).includes('TRUE');
  }

  const display = (type: string, value: unknown, metadata: object = {}): object => ({
    type: 'display',
    data: { [type]: value },
    metadata,
  });

  describe('shows by itself', () => {
    test('data of each kind, by the names in package IRdisplay', async () => {
      const messages = await shown(
        [
          'display_html("<b>é</b>")',
          'display_markdown("*a*")',
          'display_latex("$x$")',
          'display_text("t")',
          'display_javascript("1")',
          `display_svg('${SVG}')`,
          'display_png(as.raw(1:4), width = 10, height = 20)',
          'display_jpeg(as.raw(1:4))',
          'display_pdf(as.raw(1:4))',
          'display_html("<!DOCTYPE html><html></html>")',
          'publish_mimebundle(list("text/plain" = "p", "text/html" = "h"), list(a = 1))',
        ].join('\n'),
      );

      expect(messages).toEqual([
        display('text/html', '<b>é</b>'),
        display('text/markdown', '*a*'),
        display('text/latex', '$x$'),
        display('text/plain', 't'),
        display('application/javascript', '1'),
        display('image/svg+xml', SVG, { 'image/svg+xml': { isolated: true } }),
        display('image/png', 'AQIDBA==', { 'image/png': { width: 10, height: 20 } }),
        display('image/jpeg', 'AQIDBA=='),
        display('application/pdf', 'AQIDBA=='),
        display('text/html', '<!DOCTYPE html><html></html>', { 'text/html': { isolated: true } }),
        { type: 'display', data: { 'text/plain': 'p', 'text/html': 'h' }, metadata: { a: 1 } },
      ]);
    });

    test('JSON as text, as a list and as a data frame', async () => {
      const messages = await shown(
        [
          'display_json(\'{"é": [1, 2.5, null, "\\\\u00e9\\\\n"],\\n\\t"b": {}}\')',
          'display_json(list(a = 1, b = c("x", "y"), n = NULL, d = data.frame(q = 1:2, s = c("é", NA))))',
          'display_json("{no json")',
        ].join('\n'),
      );

      expect(messages.slice(0, 2)).toEqual([
        display('application/json', { é: [1, 2.5, null, 'é\n'], b: {} }),
        display('application/json', {
          a: 1,
          b: ['x', 'y'],
          n: null,
          d: [
            { q: 1, s: 'é' },
            { q: 2, s: null },
          ],
        }),
      ]);
      expect(messages[2]).toEqual(display('application/json', '{no json'));
    });

    test('JSON is read and written without jsonlite, too', async () => {
      const [text, list] = await shown(
        [
          'agent <- environment(.rserver_kernel$run)',
          'keep <- agent$requireNamespace; agent$requireNamespace <- function(...) FALSE',
          'display_json(\'{"a": [1, -2.5e3, true, null, "q\\\\"\\\\u00e9"], "b": {"c": []}}\')',
          'display_json(list(a = 1, d = data.frame(q = 1:2, f = factor(c("u", "v")))))',
          'cat(agent$is_json("[1, 2"), agent$is_json("{\\"a\\": 01}"), agent$is_json(" [] "))',
          'rm(requireNamespace, envir = agent)',
        ].join('\n'),
      );

      expect(text).toEqual(
        display('application/json', { a: [1, -2500, true, null, 'q"é'], b: { c: [] } }),
      );
      expect(list).toEqual(
        display('application/json', {
          a: 1,
          d: [
            { q: 1, f: 'u' },
            { q: 2, f: 'v' },
          ],
        }),
      );
    });

    test('a value, and changes it later', async () => {
      const messages = await shown(
        'id <- display(1, display_id = TRUE); update_display("b", display_id = id); display(1:2, mimetypes = "text/plain", display_id = "mine")',
      );

      const [first, second, third] = messages;
      if (first?.type !== 'display') throw new Error(JSON.stringify(first));
      expect(first.display_id).toMatch(/^display_/);
      expect(first).toMatchObject({ data: { 'text/plain': '[1] 1', 'text/html': '1' } });
      expect(second).toMatchObject({
        data: { 'text/plain': '[1] "b"' },
        display_id: first.display_id,
        update: true,
      });
      expect(third).toEqual({
        ...display('text/plain', '[1] 1 2'),
        display_id: 'mine',
      });
    });

    test('a file, and clears the output', async () => {
      const messages = await shown(
        `file <- tempfile(); cat('${SVG}', file = file); display_svg(file = file); display_png(file = file); clear_output(); clear_output(FALSE)`,
      );

      expect(messages).toEqual([
        display('image/svg+xml', SVG, { 'image/svg+xml': { isolated: true } }),
        display('image/png', Buffer.from(SVG).toString('base64')),
        { type: 'clear', wait: true },
        { type: 'clear', wait: false },
      ]);
    });

    test('charts of Vega, by the version in their schema', async () => {
      const spec =
        'list("$schema" = "https://vega.github.io/schema/vega-lite/v5.json", data = list(values = data.frame(a = 1:2)), mark = "bar")';
      const messages = await shown(
        [
          `display_vega(${spec})`,
          'display_vega(\'{"$schema": "https://vega.github.io/schema/vega/v5.json"}\')',
          `structure(${spec}, class = c("vegaspec", "list"))`,
        ].join('\n'),
      );
      const failed = await host.run('display_vega(list(mark = "bar"))');

      const chart = {
        $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
        data: { values: [{ a: 1 }, { a: 2 }] },
        mark: 'bar',
      };
      const type = 'application/vnd.vegalite.v5+json';
      expect(messages).toEqual([
        display(type, chart),
        display('application/vnd.vega.v5+json', {
          $schema: 'https://vega.github.io/schema/vega/v5.json',
        }),
        {
          type: 'result',
          data: { 'text/plain': '<Vega chart>', [type]: chart },
          metadata: {},
        },
      ]);
      expect(failed.error).toBe('"$schema" names no version of Vega or Vega-Lite');
    });

    test('nothing in a silent cell', async () => {
      const { messages } = await host.run('display(1); display_html("x")', { silent: true });

      expect(messages.map(({ type }) => type)).toEqual(['done']);
    });

    test('a function of the user’s own goes before a helper of that name', async () => {
      const messages = await shown(
        'display <- function(x) cat("mine\\n"); display(1); rm(display)',
      );

      expect(messages).toEqual([{ type: 'stream', name: 'stdout', text: 'mine\n' }]);
    });

    test('through package IRdisplay, where it is installed', async () => {
      if (!(await has('IRdisplay'))) return;

      const messages = await shown(
        'IRdisplay::display_html("<i>x</i>"); IRdisplay::display_json(\'{"a":1}\'); IRdisplay::clear_output()',
      );

      expect(messages).toEqual([
        display('text/html', '<i>x</i>'),
        display('application/json', { a: 1 }),
        { type: 'clear', wait: true },
      ]);
    });
  });

  describe('defines its own forms', () => {
    test('by functions named after repr’s generics', async () => {
      const messages = await shown(
        [
          'repr_html.mine <- function(obj, ...) paste0("<b>", unclass(obj), "</b>")',
          'repr_text.mine <- function(obj, ...) "text"',
          'repr_json.mine <- function(obj, ...) list(a = 1)',
          'repr_png.mine <- function(obj, ...) as.raw(1:4)',
          'structure("é", class = c("other", "mine"))',
        ].join('\n'),
      );

      const [message] = messages;
      if (message?.type !== 'result') throw new Error(JSON.stringify(messages));
      expect(message.data).toEqual({
        'text/plain': 'text',
        'text/html': '<b>é</b>',
        'application/json': { a: 1 },
        'image/png': 'AQIDBA==',
      });
    });

    test('over what the agent knows of a class', async () => {
      const messages = await shown(
        'repr_html.data.frame <- function(obj, ...) "<i>frame</i>"; data.frame(a = 1L)\nrm(repr_html.data.frame)',
      );

      expect(messages).toMatchObject([
        {
          data: {
            'text/plain': '  a\n1 1',
            'text/html': '<i>frame</i>',
            'text/markdown': '\nA data.frame: 1 × 1\n\n| a &lt;int&gt; |\n|---|\n| 1 |\n\n',
          },
        },
      ]);
    });

    test('by methods registered with package repr, where it is installed', async () => {
      if (!(await has('repr'))) return;

      const messages = await shown(
        'registerS3method("repr_latex", "theirs", function(obj, ...) "$t$", envir = asNamespace("repr")); structure(1, class = "theirs")',
      );

      expect(messages).toMatchObject([{ data: { 'text/latex': '$t$' } }]);
    });

    test('and one that fails costs only itself', async () => {
      const { messages, stderr } = await host.run(
        'repr_html.bad <- function(obj, ...) stop("no html"); repr_latex.bad <- function(obj, ...) "l"; print.bad <- function(x, ...) cat("bad\\n"); structure(1, class = "bad")',
      );

      expect(messages[0]).toEqual({
        type: 'result',
        data: { 'text/plain': 'bad', 'text/latex': 'l' },
        metadata: {},
      });
      expect(stderr).toBe('repr_html() of class "bad" failed: no html\n');
    });
  });

  describe('makes HTML', () => {
    test('tags and marked HTML go as they are', async () => {
      if (!(await has('htmltools'))) return;

      const messages = await shown(
        'htmltools::tags$p("a<b")\nhtmltools::HTML("<i>x</i>")\nhtmltools::browsable(htmltools::tagList(htmltools::tags$b("c")))',
      );

      expect(messages).toMatchObject([
        { type: 'display', data: { 'text/plain': '<p>a&lt;b</p>', 'text/html': '<p>a&lt;b</p>' } },
        { type: 'display', data: { 'text/html': '<i>x</i>' } },
        { type: 'result', data: { 'text/plain': '<b>c</b>', 'text/html': '<b>c</b>' } },
      ]);
    });

    test('kables are of the kind they were made for', async () => {
      if (!(await has('knitr'))) return;

      const messages = await shown(
        'knitr::kable(data.frame(a = 1))\nknitr::kable(data.frame(a = 1), format = "html")\nknitr::kable(data.frame(a = 1), format = "latex")',
      );

      expect(messages.map((message) => 'data' in message && Object.keys(message.data))).toEqual([
        ['text/plain', 'text/markdown'],
        ['text/plain', 'text/html'],
        ['text/plain', 'text/latex'],
      ]);
    });

    test('a widget brings its libraries in a frame; printing it shows it as well', async () => {
      if (!(await has('DT'))) return;

      const messages = await shown(
        'for (i in 1) print(DT::datatable(head(cars, 2)))\nDT::datatable(head(cars, 2))',
      );

      expect(messages.map(({ type }) => type)).toEqual(['display', 'result']);
      for (const message of messages) {
        if (!('data' in message)) throw new Error(JSON.stringify(message));
        expect(message.data['text/plain']).toBe('<HTML widget: datatables>');
        expect(message.data['text/html']).toMatch(/^<iframe srcdoc="<!DOCTYPE html>/);
        expect(message.data['text/html']).not.toMatch(/ (src|href)=&quot;(?!data:)/);
        expect(String(message.data['text/html']).length).toBeGreaterThan(100_000);
      }
    });

    test('options(repr.html.deduplicate = TRUE) sends each library once', async () => {
      if (!(await has('DT'))) return;

      const messages = await shown(
        'options(repr.html.deduplicate = TRUE)\nDT::datatable(head(cars, 1))\nDT::datatable(head(cars, 2))\noptions(repr.html.deduplicate = FALSE)',
      );

      const sizes = messages.map((message) =>
        'data' in message ? String(message.data['text/html']).length : 0,
      );
      expect(sizes).toHaveLength(2);
      expect(sizes[0]).toBeGreaterThan(100_000);
      expect(sizes[1]).toBeLessThan(10_000);
    });

    test('plotly figures come as JSON, too', async () => {
      if (!(await has('plotly'))) return;

      const [message] = await shown(
        'suppressMessages(plotly::plot_ly(x = 1:2, y = 3:4, type = "scatter", mode = "markers"))',
      );

      if (message?.type !== 'result') throw new Error(JSON.stringify(message));
      expect(Object.keys(message.data)).toEqual([
        'text/plain',
        'text/html',
        'application/vnd.plotly.v1+json',
      ]);
      expect(message.data['application/vnd.plotly.v1+json']).toMatchObject({
        data: [{ x: [1, 2], y: [3, 4], type: 'scatter' }],
      });
    });
  });

  describe('plots', () => {
    const picture = (message: AgentMessage): unknown => {
      const image = message.type === 'display' ? message.data['image/png'] : undefined;
      if (typeof image !== 'string') return message;
      const bytes = Buffer.from(image, 'base64');
      return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
    };

    test('a size that changes between two pages is the size of the second', async () => {
      const messages = await shown(
        [
          'options(repr.plot.width = 4, repr.plot.height = 3, repr.plot.res = 100)',
          'plot(1)',
          'options(repr.plot.width = 8)',
          'lines(1)',
          'par(mfrow = c(1, 2)); plot(2); plot(3)',
          'for (height in 1:2) { options(repr.plot.height = height); grid::grid.newpage(); grid::grid.circle() }',
          'options(repr.plot.width = 7, repr.plot.height = 7, repr.plot.res = 120)',
        ].join('\n'),
      );

      expect(messages.map(picture)).toEqual([
        [400, 300],
        [800, 300],
        [800, 100],
        [800, 200],
      ]);
    });

    test('what par() has set stays when the size changes', async () => {
      const messages = await shown(
        'par(mfrow = c(1, 2)); plot(1); plot(2); options(repr.plot.width = 5); plot(3); plot(4); cat(par("mfrow"), "\\n"); options(repr.plot.width = 7)',
      );

      expect(messages.map(picture)).toEqual([
        [840, 840],
        { type: 'stream', name: 'stdout', text: '1 2 \n' },
        [600, 840],
      ]);
    });

    test('come in every form that jupyter.plot_mimetypes names', async () => {
      const [message] = await shown(
        'options(jupyter.plot_mimetypes = c("text/plain", "image/svg+xml", "application/pdf", "image/jpeg"), repr.plot.quality = 50)\nplot(1)\noptions(jupyter.plot_mimetypes = NULL, repr.plot.quality = NULL)',
      );

      if (message?.type !== 'display') throw new Error(JSON.stringify(message));
      expect(Object.keys(message.data)).toEqual([
        'text/plain',
        'image/svg+xml',
        'application/pdf',
        'image/jpeg',
      ]);
      expect(message.data['image/svg+xml']).toMatch(/<svg/);
      expect(message.metadata).toEqual({
        'image/svg+xml': { isolated: true },
        'image/jpeg': { width: 420, height: 420 },
      });
    });

    test('a recorded plot is drawn again where it is shown', async () => {
      await shown('plot(1:3); kept <- recordPlot()');
      const messages = await shown('kept');

      expect(messages.map(picture)).toEqual([[840, 840]]);
    });
  });

  test('a bar drawn with carriage returns comes with all of them', async () => {
    const messages = await shown(
      'bar <- txtProgressBar(0, 2, style = 3, width = 10); for (i in 1:2) setTxtProgressBar(bar, i); close(bar)',
    );

    expect(messages).toEqual([
      {
        type: 'stream',
        name: 'stdout',
        text: expect.stringMatching(/^\r {2}\|[^]*\r {2}\|=+ *\| +50%\r[^]*100%\n$/) as string,
      },
    ]);
  });
});
