// The least that a server of executions in Node can be: answers each frame of a WebSocket. Prints its port.
import { stdout } from 'node:process';
import { WebSocketServer } from 'ws';

const ANSWER = JSON.stringify({
  type: 'answer',
  executionId: 'd6c1a3de-3c1f-4f0f-8b5f-0d3f5c1f0a01',
  statusCode: 200,
  body: {
    success: true,
    errorMessage: '',
    outputParameters: [],
    consoleOutput: '',
    changedFiles: [],
  },
});

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
server.on('connection', (socket) => {
  socket.on('message', () => {
    socket.send(ANSWER);
  });
});
server.on('listening', () => {
  stdout.write(`${server.address().port}\n`);
});
