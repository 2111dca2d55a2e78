// The thread of ChunkFiles: carries out what ChunkStore asks for.
import { parentPort, workerData } from 'node:worker_threads';
import { ChunkFiles } from './chunk-files.js';
import type { ChunkAnswer, ChunkRequest } from './chunk-store.js';

const files = new ChunkFiles((workerData as { readonly directory: string }).directory);

async function answer({ id, call }: ChunkRequest): Promise<ChunkAnswer> {
  try {
    switch (call.kind) {
      case 'stream':
        return { id, names: await files.keepStream(call.fd, call.file, call.partsFolder) };
      case 'files':
        return { id, names: await files.keepFiles(call.folder) };
      case 'sweep':
        files.sweep(call.names);
        return { id, names: [] };
    }
  } catch (error) {
    // What is copied between threads loses the code.
    const { message, code } = error as NodeJS.ErrnoException;
    return { id, failure: { message, code } };
  }
}

parentPort?.on('message', (request: ChunkRequest) => {
  void answer(request).then((result) => {
    parentPort?.postMessage(result);
  });
});
