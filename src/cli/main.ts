#!/usr/bin/env node
// The one binary. A kernel must answer within milliseconds, so its path is taken first and loads nothing it can spare.
const [command, ...rest] = process.argv.slice(2);

switch (command) {
  case 'kernel': {
    const { runKernel } = await import('./kernel.js');
    await runKernel(rest);
    break;
  }
  case 'embedded': {
    const { runEmbedded } = await import('./embedded-process.js');
    await runEmbedded(rest);
    break;
  }
  case undefined:
  default: {
    const { runProgram } = await import('./program.js');
    process.exitCode = await runProgram(process.argv.slice(2));
  }
}
