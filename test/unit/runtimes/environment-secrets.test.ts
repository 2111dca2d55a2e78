import { expect, test } from 'vitest';
import { withoutSecrets } from '../../../src/runtimes/environment.js';

test('what names a secret is left out, and what says where things are stays', () => {
  const kept = {
    PATH: '/bin',
    R_LIBS: '/lib/R',
    http_proxy: 'http://proxy:3128',
    JAVA_HOME: '/java',
  };

  const env = withoutSecrets(
    {
      ...kept,
      PGPASSWORD: 'x',
      DATABASE_URL: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
      GITHUB_TOKEN: 'x',
      GOOGLE_APPLICATION_CREDENTIALS: 'x',
      SSH_AUTH_SOCK: 'x',
      SUDO_USER: 'x',
      HOME: '/root',
    },
    '/session',
  );

  expect(env).toEqual({ ...kept, HOME: '/session', USER: 'rserver', LOGNAME: 'rserver' });
});
