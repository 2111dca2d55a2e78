// The forms in which the R agent shows values, under the option names of IRkernel: HTML, Markdown, LaTeX and text.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentMessage } from '../../../src/bridge/agent/agent.js';
import { RAgentHost } from '../../helpers/r-agent-host.js';
import { isMissing } from '../../helpers/requirements.js';

type Forms = Record<string, unknown>;

const INLINE = /<style>[^]*?<\/style>\n?/g;

describe.skipIf(isMissing('R'))('values of an R cell', () => {
  let host: RAgentHost;
  beforeAll(async () => {
    host = new RAgentHost('events');
    await host.install();
  });
  afterAll(async () => {
    await host.close();
  });

  /** What a cell showed, without `done`, after checking that it went well. */
  async function shown(code: string): Promise<readonly AgentMessage[]> {
    const { messages, error, stderr } = await host.run(code);
    expect({ error, stderr }).toEqual({ error: '', stderr: '' });
    return messages.slice(0, -1);
  }

  /** The forms of the one value of a cell, style sheets taken out. */
  async function formsOf(code: string): Promise<Forms> {
    const [message, ...more] = await shown(code);
    expect(more).toEqual([]);
    if (message?.type !== 'result') throw new Error(JSON.stringify(message));
    const data: Forms = { ...message.data };
    if (typeof data['text/html'] === 'string') {
      data['text/html'] = data['text/html'].replace(INLINE, '');
    }
    return data;
  }

  async function has(packageName: string): Promise<boolean> {
    const data = await formsOf(`isTRUE(requireNamespace("${packageName}", quietly = TRUE))`);
    return data['text/html'] === 'TRUE';
  }

  const alike = (plain: string, text: string): Forms => ({
    'text/plain': plain,
    'text/html': text,
    'text/markdown': text,
    'text/latex': text,
  });

  describe('single values', () => {
    test.each([
      ['1 + 1', '[1] 2', '2'],
      ['TRUE', '[1] TRUE', 'TRUE'],
      ['5L', '[1] 5', '5'],
      ['pi', '[1] 3.141593', '3.14159265358979'],
      ['1e5', '[1] 1e+05', '1e+05'],
      ['-0.5', '[1] -0.5', '-0.5'],
      ['Inf', '[1] Inf', 'Inf'],
      ['1i', '[1] 0+1i', '0+1i'],
      ['"a"', '[1] "a"', "'a'"],
    ])('%s', async (code, plain, text) => {
      expect(await formsOf(code)).toEqual(alike(plain, text));
    });

    test('a number has 15 digits until options(digits) is another', async () => {
      await host.run('options(digits = 3)');
      const data = await formsOf('c(pi)');
      await host.run('options(digits = 7)');

      expect(data).toEqual(alike('[1] 3.14', '3.14'));
    });

    test('a missing value and special characters are escaped for each form', async () => {
      expect(await formsOf('NA')).toEqual({
        'text/plain': '[1] NA',
        'text/html': '&lt;NA&gt;',
        'text/markdown': '&lt;NA&gt;',
        'text/latex': '\\textless{}NA\\textgreater{}',
      });
      expect(await formsOf('"a_b \\\\ 5% & {x} ^~ <i>é"')).toEqual({
        'text/plain': '[1] "a_b \\\\ 5% & {x} ^~ <i>é"',
        'text/html': "'a_b \\\\ 5% &amp; {x} ^~ &lt;i&gt;é'",
        'text/markdown': "'a_b \\\\ 5% &amp; {x} ^~ &lt;i&gt;é'",
        'text/latex':
          "'a\\_b \\textbackslash{}\\textbackslash{} 5\\% \\& \\{x\\} \\textasciicircum{}\\textasciitilde{} \\textless{}i\\textgreater{}é'",
      });
    });

    test('what is no number is told from what is missing', async () => {
      const data = await formsOf('c(NaN, NA, 1)');

      expect(await formsOf('0 / 0')).toEqual(alike('[1] NaN', 'NaN'));
      expect(data['text/markdown']).toBe('1. NaN\n2. &lt;NA&gt;\n3. 1\n\n\n');
    });

    test('a summary of dates holds dates', async () => {
      const data = await formsOf('summary(as.Date("2020-01-01") + 0:2)');
      const missing = await formsOf('summary(as.Date(c("2020-01-01", NA)))');

      expect(data['text/html']).toContain(
        '<dt>Median</dt><dd><time datetime="2020-01-02">2020-01-02</time></dd>',
      );
      expect(missing['text/plain']).toContain("NA's");
    });

    test('a date is a time element', async () => {
      expect(await formsOf('as.Date("2020-01-02")')).toEqual({
        ...alike('[1] "2020-01-02"', '2020-01-02'),
        'text/html': '<time datetime="2020-01-02">2020-01-02</time>',
      });
    });

    test.each([
      ['NULL', 'NULL'],
      ['character(0)', 'character(0)'],
      ['list()', 'list()'],
      ['data.frame()', 'data frame with 0 columns and 0 rows'],
      ['raw(2)', '[1] 00 00'],
      ['y ~ x + z', 'y ~ x + z'],
      ['quote(f(a))', 'f(a)'],
      ['as.name("zz")', 'zz'],
      ['expression(a)', 'expression(a)'],
      ['globalenv()', '<environment: R_GlobalEnv>'],
      ['as.POSIXct("2020-01-02", tz = "UTC")', '[1] "2020-01-02 UTC"'],
      ['as.difftime(3, units = "mins")', 'Time difference of 3 mins'],
      ['numeric_version("1.2")', '[1] ‘1.2’'],
      ['dist(matrix(1:4, 2))', '         1\n2 1.414214'],
      [
        'summary(c(1, 2))',
        '   Min. 1st Qu.  Median    Mean 3rd Qu.    Max. \n   1.00    1.25    1.50    1.50    1.75    2.00 ',
      ],
      ['structure(list(a = 1), class = "mine")', '$a\n[1] 1\n\nattr(,"class")\n[1] "mine"'],
    ])('%s is text only', async (code, plain) => {
      expect(await formsOf(code)).toEqual({ 'text/plain': plain });
    });

    test('models print as R prints them', async () => {
      const data = await formsOf('summary(lm(dist ~ speed, cars))');

      expect(Object.keys(data)).toEqual(['text/plain']);
      expect(data['text/plain']).toMatch(/^\nCall:\nlm\(formula = dist ~ speed, data = cars\)\n/);
      expect(data['text/plain']).toMatch(/Multiple R-squared: {2}0\.6511,/);
    });
  });

  describe('vectors', () => {
    test('are lists in a line', async () => {
      const [message] = await shown('c(1.5, NA, 3)');

      expect(message).toEqual({
        type: 'result',
        data: {
          'text/plain': '[1] 1.5  NA 3.0',
          'text/html': expect.stringMatching(
            /^<style>\n\.list-inline [^]*<\/style>\n<ol class=list-inline><li>1\.5<\/li><li>&lt;NA&gt;<\/li><li>3<\/li><\/ol>\n$/,
          ) as string,
          'text/markdown': '1. 1.5\n2. &lt;NA&gt;\n3. 3\n\n\n',
          'text/latex':
            '\\begin{enumerate*}\n\\item 1.5\n\\item \\textless{}NA\\textgreater{}\n\\item 3\n\\end{enumerate*}\n',
        },
        metadata: {},
      });
    });

    test('with names are pairs', async () => {
      expect(await formsOf('c(a = 1, "b_c" = 2)')).toEqual({
        'text/plain': '  a b_c \n  1   2 ',
        'text/html': '<dl class=dl-inline><dt>a</dt><dd>1</dd><dt>b_c</dt><dd>2</dd></dl>\n',
        'text/markdown': 'a\n:   1\n\nb_c\n:   2\n\n\n',
        'text/latex': '\\begin{description*}\n\\item[a] 1\n\\item[b\\_c] 2\n\\end{description*}\n',
      });
      expect(await formsOf('c(a = 1)')).toEqual({
        'text/plain': 'a \n1 ',
        'text/html': '<strong>a:</strong> 1',
        'text/markdown': '**a:** 1',
        'text/latex': '\\textbf{a:} 1',
      });
    });

    test('lose their middle by repr.vector.max.items, their quotes by repr.vector.quote', async () => {
      await host.run('old <- options(repr.vector.max.items = 3, repr.vector.quote = FALSE)');
      const letters = await formsOf('letters');
      const named = await formsOf('c(a = 1, b = 2, c = 3, d = 4)');
      await host.run('options(old)');

      expect(letters['text/html']).toBe(
        '<ol class=list-inline><li>a</li><li>b</li><li>⋯</li><li>z</li></ol>\n',
      );
      expect(named['text/markdown']).toBe('a\n:   1\n\nb\n:   2\n\n⋯\n:   ⋯\n\nd\n:   4\n\n\n');
    });

    test('that are factors have their levels folded away', async () => {
      const data = await formsOf('factor(c("u", NA), levels = c("u", "v"))');

      expect(data['text/html']).toBe(
        "<ol class=list-inline><li>u</li><li>&lt;NA&gt;</li></ol>\n\n<details>\n\t<summary style=display:list-item;cursor:pointer>\n\t\t<strong>Levels</strong>:\n\t</summary>\n\t<ol class=list-inline><li>'u'</li><li>'v'</li></ol>\n</details>",
      );
      expect(data['text/markdown']).toBe(
        "1. u\n2. &lt;NA&gt;\n\n\n\n**Levels**:\n\n1. 'u'\n2. 'v'\n\n\n",
      );
      expect(data['text/plain']).toBe('[1] u    <NA>\nLevels: u v');
    });
  });

  describe('lists', () => {
    test('are nested lists, further lines indented under their item', async () => {
      expect(await formsOf('list(1, b = list(c = 1:2, d = NULL))')).toEqual({
        'text/plain': '[[1]]\n[1] 1\n\n$b\n$b$c\n[1] 1 2\n\n$b$d\nNULL\n\n',
        'text/html':
          '<dl>\n\t<dt>[[1]]</dt>\n\t\t<dd>1</dd>\n\t<dt>$b</dt>\n\t\t<dd><dl>\n\t<dt>$c</dt>\n\t\t<dd><ol class=list-inline><li>1</li><li>2</li></ol>\n</dd>\n\t<dt>$d</dt>\n\t\t<dd>NULL</dd>\n</dl>\n</dd>\n</dl>\n',
        'text/markdown':
          '[[1]]\n:   1\n\n$b\n:   $c\n    :   1. 1\n        2. 2\n    \n    $d\n    :   NULL\n\n\n',
        'text/latex':
          '\\begin{description}\n\\item[{[[1]]}] 1\n\\item[\\$b] \\begin{description}\n\\item[\\$c] \\begin{enumerate*}\n\\item 1\n\\item 2\n\\end{enumerate*}\n\n\\item[\\$d] NULL\n\\end{description}\n\n\\end{description}\n',
      });
    });

    test('of one name are that name and its value', async () => {
      expect(await formsOf('list(a_b = 1)')).toEqual({
        'text/plain': '$a_b\n[1] 1\n',
        'text/html': '<strong>$a_b</strong> = 1',
        'text/markdown': '**$a_b** = 1',
        'text/latex': '\\textbf{\\$a\\_b} = 1',
      });
    });

    test('without names are numbered, tables inside', async () => {
      const data = await formsOf('list("a", data.frame(x = 1L))');

      expect(data['text/html']).toMatch(
        /^<ol>\n\t<li>'a'<\/li>\n\t<li><table class="dataframe">\n<caption>A data\.frame: 1 × 1<\/caption>/,
      );
    });

    test('that hold what is text only are text only', async () => {
      const data = await formsOf('list(1, y ~ x)');

      expect(data).toEqual({ 'text/plain': '[[1]]\n[1] 1\n\n[[2]]\ny ~ x\n' });
    });

    test('that are huge or deep are text only', async () => {
      const deep = await formsOf('x <- 1; for (i in 1:20) x <- list(x); x');
      const huge = await formsOf('lapply(1:300, function(i) strrep("x", 2000))');

      expect([deep, huge].map((data) => Object.keys(data))).toEqual([
        ['text/plain'],
        ['text/plain'],
      ]);
    });
  });

  describe('tables', () => {
    test('a data frame has its types, and row names where someone gave them', async () => {
      const data = await formsOf(
        'data.frame(a = c(1.5, NA), b = c("<x>", "y|z"), f = factor(c("u", NA)), stringsAsFactors = FALSE)',
      );
      const named = await formsOf('data.frame(n = 1L, row.names = "r_1")');

      expect(data).toEqual({
        'text/plain': '    a   b    f\n1 1.5 <x>    u\n2  NA y|z <NA>',
        'text/html':
          '<table class="dataframe">\n<caption>A data.frame: 2 × 3</caption>\n<thead>\n\t<tr><th scope=col>a</th><th scope=col>b</th><th scope=col>f</th></tr>\n\t<tr><th scope=col>&lt;dbl&gt;</th><th scope=col>&lt;chr&gt;</th><th scope=col>&lt;fct&gt;</th></tr>\n</thead>\n<tbody>\n\t<tr><td>1.5</td><td>&lt;x&gt;</td><td>u</td></tr>\n\t<tr><td>NA</td><td>y|z</td><td>NA</td></tr>\n</tbody>\n</table>\n',
        'text/markdown':
          '\nA data.frame: 2 × 3\n\n| a &lt;dbl&gt; | b &lt;chr&gt; | f &lt;fct&gt; |\n|---|---|---|\n| 1.5 | &lt;x&gt; | u |\n| NA | y\\|z | NA |\n\n',
        'text/latex':
          'A data.frame: 2 × 3\n\\begin{tabular}{lll}\n a & b & f\\\\\n \\textless{}dbl\\textgreater{} & \\textless{}chr\\textgreater{} & \\textless{}fct\\textgreater{}\\\\\n\\hline\n\t1.5 & \\textless{}x\\textgreater{} & u\\\\\n\tNA & y\\textbar{}z & NA\\\\\n\\end{tabular}\n',
      });
      expect(named['text/html']).toBe(
        '<table class="dataframe">\n<caption>A data.frame: 1 × 1</caption>\n<thead>\n\t<tr><th></th><th scope=col>n</th></tr>\n\t<tr><th></th><th scope=col>&lt;int&gt;</th></tr>\n</thead>\n<tbody>\n\t<tr><th scope=row>r_1</th><td>1</td></tr>\n</tbody>\n</table>\n',
      );
      expect(named['text/markdown']).toBe(
        '\nA data.frame: 1 × 1\n\n| <!--/--> | n &lt;int&gt; |\n|---|---|\n| r_1 | 1 |\n\n',
      );
    });

    test('a value in the middle of a cell is a display', async () => {
      const messages = await shown(
        'matrix(1:2, 1, dimnames = list(NULL, c("a", "b")))\ninvisible(1)',
      );

      expect(messages).toMatchObject([
        {
          type: 'display',
          data: {
            'text/plain': '     a b\n[1,] 1 2',
            'text/html':
              '<table class="dataframe">\n<caption>A matrix: 1 × 2 of type int</caption>\n<thead>\n\t<tr><th scope=col>a</th><th scope=col>b</th></tr>\n</thead>\n<tbody>\n\t<tr><td>1</td><td>2</td></tr>\n</tbody>\n</table>\n',
          },
        },
      ]);
    });

    test('long and wide ones lose their middle in every form, text included', async () => {
      await host.run('old <- options(repr.matrix.max.rows = 2, repr.matrix.max.cols = 2)');
      const frame = await formsOf('as.data.frame(matrix(1:9, 3))');
      const matrix = await formsOf('matrix(1:9, 3)');
      await host.run('options(old)');

      expect(frame['text/plain']).toBe('  V1 ⋯ V3\n1  1 ⋯  7\n⋮  ⋮ ⋱  ⋮\n3  3 ⋯  9');
      expect(frame['text/html']).toMatch(
        '\t<tr><td>1</td><td>⋯</td><td>7</td></tr>\n\t<tr><td>⋮</td><td>⋱</td><td>⋮</td></tr>\n\t<tr><td>3</td><td>⋯</td><td>9</td></tr>\n',
      );
      expect(matrix['text/plain']).toBe(
        '     [,1] ⋯ [,3]\n[1,]    1 ⋯    7\n⋮       ⋮ ⋱    ⋮\n[3,]    3 ⋯    9',
      );
    });

    test('the columns of LaTeX follow repr.matrix.latex.colspec', async () => {
      await host.run(
        'options(repr.matrix.latex.colspec = list(row_head = "l|", col = "r", end = "|"))',
      );
      const data = await formsOf('data.frame(n = 1L, m = 2L, row.names = "r")');
      await host.run('options(repr.matrix.latex.colspec = NULL)');

      expect(data['text/latex']).toMatch('\\begin{tabular}{l|rr|}\n');
    });

    test.each([
      ['no rows', 'mtcars[0, 1:2]', ['2']],
      ['no columns', 'data.frame(row.names = c("a", "b"))', ['a', 'b']],
      [
        'dates and times',
        'data.frame(d = as.Date("2020-01-02"), t = as.POSIXct("2020-01-02 03:04:05", tz = "UTC"))',
        ['2020-01-02', '2020-01-02 03:04:05', '&lt;dttm&gt;'],
      ],
      [
        'lists',
        'x <- data.frame(a = 1:2); x$l <- list(1:3, mean); x',
        ['1, 2, 3', '&lt;function, 1&gt;'],
      ],
      [
        'a matrix inside',
        'x <- data.frame(a = 1:2); x$m <- matrix(1:4, 2); x',
        ['1, 3', '&lt;int[,2]&gt;'],
      ],
      [
        'a frame inside',
        'x <- data.frame(a = 1:2); x$d <- data.frame(p = 3:4, q = 5:6); x',
        ['3, 5'],
      ],
      ['lists in a matrix', 'matrix(list(1, "a", 2, mean), 2)', ['A matrix: 2 × 2</caption>']],
      ['line ends', 'data.frame(a = "x\\ny")', ['x<br>y']],
    ])('with %s', async (_name, code, expected) => {
      const data = await formsOf(code);

      expect(Object.keys(data)).toEqual(['text/plain', 'text/html', 'text/markdown', 'text/latex']);
      for (const part of expected) expect(data['text/html']).toContain(part);
    });

    test('counts of one and two dimensions are pairs and tables, more are text', async () => {
      const one = await formsOf('table(c("a", "b", "a"))');
      const two = await formsOf('table(g = c("a", "b"), h = c("p", "p"))');
      const three = await formsOf('table(1:2, 1:2, 1:2)');

      expect(one['text/html']).toBe(
        '<dl class=dl-inline><dt>a</dt><dd>2</dd><dt>b</dt><dd>1</dd></dl>\n',
      );
      expect(one['text/plain']).toBe('\na b \n2 1 ');
      expect(two['text/html']).toContain('<tr><th scope=row>a</th><td>1</td></tr>');
      expect(Object.keys(three)).toEqual(['text/plain']);
    });

    test('a time series has months by years, an array its slices', async () => {
      const series = await formsOf('ts(1:3, start = c(2000, 11), frequency = 12)');
      const array = await formsOf('array(1:4, c(1, 2, 2), list(NULL, NULL, k = c("p", "q")))');

      expect(series['text/html']).toContain('<caption>A Time Series: 2 × 12</caption>');
      expect(series['text/html']).toContain('<tr><th scope=row>2001</th><td>3</td><td></td>');
      expect(array['text/markdown']).toBe(
        'An array: 1 × 2 × 2\n\n, , k = p\n\n| <!--/--> | <!--/--> |\n|---|---|\n| 1 | 2 |\n\n\n, , k = q\n\n| <!--/--> | <!--/--> |\n|---|---|\n| 3 | 4 |\n\n',
      );
    });

    test('a class whose format() fails is shown as text', async () => {
      const data = await formsOf(
        'format.odd <- function(x, ...) if (sys.nframe() > 30) "x" else stop("no"); print.oddframe <- function(x, ...) cat("odd\\n"); structure(list(a = structure(1, class = "odd")), class = c("oddframe", "data.frame"), row.names = 1L)',
      );
      await host.run('rm(format.odd, print.oddframe)');

      expect(data['text/plain']).toBe('odd');
    });

    test('tibbles, data.tables and integer64, where they are installed', async () => {
      if (await has('tibble')) {
        const data = await formsOf('tibble::tibble(a = 1:2, l = list(1, NULL))');
        expect(data['text/html']).toContain('<caption>A tibble: 2 × 2</caption>');
        expect(data['text/plain']).toMatch(/^# A tibble: 2 × 2\n/);
      }
      if (await has('data.table')) {
        const data = await formsOf('data.table::data.table(a = 1:2)');
        expect(data['text/html']).toContain('<caption>A data.table: 2 × 1</caption>');
      }
      if (await has('bit64')) {
        const data = await formsOf('data.frame(i = bit64::as.integer64("9007199254740993"))');
        expect(data['text/html']).toContain('<td>9007199254740993</td>');
      }
    });
  });

  describe('functions', () => {
    test('are their source as written', async () => {
      expect(await formsOf('f <- function(x) { # odd\n  x < 1  }\nf')).toEqual({
        'text/plain': 'function(x) { # odd\n  x < 1  }',
        'text/html': '<pre class=language-r><code>function(x) { # odd\n  x &lt; 1  }</code></pre>',
        'text/markdown': '```r\nfunction(x) { # odd\n  x < 1  }\n```',
        'text/latex': '\\begin{minted}{r}\nfunction(x) { # odd\n  x < 1  }\n\\end{minted}',
      });
    });

    test('with backticks have a longer fence, primitives their name', async () => {
      const fenced = await formsOf('function() "```"');
      const primitive = await formsOf('sum');

      expect(fenced['text/markdown']).toBe('````r\nfunction() "```"\n````');
      expect(primitive['text/html']).toBe(
        '<pre class=language-r><code>.Primitive("sum")</code></pre>',
      );
    });
  });

  describe('options', () => {
    test('jupyter.rich_display = FALSE leaves text only', async () => {
      await host.run('options(jupyter.rich_display = FALSE)');
      const messages = await shown('1:2\nmatrix(1)');
      await host.run('options(jupyter.rich_display = NULL)');

      expect(messages).toEqual([
        { type: 'stream', name: 'stdout', text: '[1] 1 2\n' },
        { type: 'result', data: { 'text/plain': '     [,1]\n[1,]    1' }, metadata: {} },
      ]);
    });

    test('jupyter.display_mimetypes chooses the forms', async () => {
      await host.run('options(jupyter.display_mimetypes = c("text/plain", "text/latex"))');
      const data = await formsOf('1:2');
      await host.run('options(jupyter.display_mimetypes = NULL)');

      expect(Object.keys(data)).toEqual(['text/plain', 'text/latex']);
    });

    test('jupyter.pager_classes opens such values in the pager', async () => {
      await host.run('options(jupyter.pager_classes = "help_files_with_topic")');
      const { messages } = await host.run('?mean');
      await host.run('options(jupyter.pager_classes = NULL)');

      expect(messages).toMatchObject([
        {
          type: 'done',
          payload: [
            {
              source: 'page',
              start: 0,
              data: { 'text/plain': expect.stringMatching(/^mean /) as string },
            },
          ],
        },
      ]);
    });

    test('colours are on for printing, off in text beside other forms', async () => {
      const setting = await shown('cat(getOption("crayon.enabled"), getOption("cli.num_colors"))');
      const beside = await formsOf(
        'print.tint <- function(x, ...) cat(getOption("crayon.enabled"), "\\n"); repr_html.tint <- function(obj) "h"; structure(1, class = "tint")',
      );
      await host.run('rm(print.tint, repr_html.tint)');

      expect(setting).toEqual([{ type: 'stream', name: 'stdout', text: 'TRUE 256' }]);
      expect(beside).toEqual({ 'text/plain': 'FALSE ', 'text/html': 'h' });
    });
  });
});
