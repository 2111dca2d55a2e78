// The least that an HTTP server in Node can be: reads a request to its end and answers it. Prints its port.
import { createServer } from 'node:http';
import { stdout } from 'node:process';

const ANSWER = JSON.stringify({
  success: true,
  errorMessage: '',
  outputParameters: [],
  consoleOutput: '',
  changedFiles: [],
});

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': ANSWER.length,
    });
    response.end(ANSWER);
  });
});
server.listen(0, '127.0.0.1', () => stdout.write(`${server.address().port}\n`));
