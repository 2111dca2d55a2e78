import { describe, expect, test } from 'vitest';
import {
  attachmentHeader,
  checkFileName,
  stripDirectories,
} from '../../../../src/server/routes/file-name.js';

describe('checkFileName', () => {
  test.each(['a.csv', '.Rprofile', 'with space', 'Übung.txt', '..a', 'x'.repeat(255)])(
    '%j is a plain name',
    (name) => {
      expect(checkFileName(name)).toBe(name);
    },
  );

  test.each(['', '.', '..', '../a', 'a/b', 'a\\b', '/etc/passwd', 'a\0b', 'é'.repeat(128)])(
    '%j is refused',
    (name) => {
      expect(() => checkFileName(name)).toThrow(
        expect.objectContaining({ code: 'API_BAD_FILE_NAME', statusCode: 400 }) as Error,
      );
    },
  );
});

test.each([
  ['data.csv', 'data.csv'],
  ['C:\\Users\\ann\\data.csv', 'data.csv'],
  ['/home/ann/data.csv', 'data.csv'],
  ['mixed/up\\data.csv', 'data.csv'],
  ['folder/', ''],
])('the file name of %j is %j', (path, name) => {
  expect(stripDirectories(path)).toBe(name);
});

test('a name is offered for saving in ASCII and in full', () => {
  expect(attachmentHeader('Ü "x".csv')).toBe(
    `attachment; filename="_ _x_.csv"; filename*=UTF-8''%C3%9C%20%22x%22.csv`,
  );
});
