import { readSettings } from './settings.ts';

const commands: {
  readonly [name: string]: {
    readonly about: string;
    readonly run: (args: readonly string[]) => Promise<number>;
  };
} = {
  start: {
    about: 'everything on one machine: database, simulator, gateway with worker',
    run: async () => {
      const { start } = await import('./start.ts');
      await start(readSettings(process.env));
      return 0;
    },
  },
  serve: {
    about: 'the gateway on PORT with its worker; --no-worker leaves the worker to `shoudan work`',
    run: async (args) => {
      const { serve } = await import('./serve.ts');
      await serve(readSettings(process.env), { worker: !args.includes('--no-worker') });
      return 0;
    },
  },
  work: {
    about: 'the worker alone; any number may run',
    run: async () => {
      const { work } = await import('./work.ts');
      await work(readSettings(process.env));
      return 0;
    },
  },
};

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv;
  const command = name === undefined ? undefined : commands[name];
  if (command === undefined) {
    const list = Object.entries(commands).map(([key, { about }]) => `  ${key.padEnd(12)} ${about}`);
    const text = `usage: shoudan <command> [options]\n\n${list.join('\n')}\n`;
    if (name === undefined || name === 'help' || name === '--help') {
      process.stdout.write(text);
      return 0;
    }
    process.stderr.write(`shoudan: there is no command ${name}\n${text}`);
    return 2;
  }
  return command.run(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
  process.stderr.write(`shoudan: ${reason}\n`);
  process.exitCode = 1;
}
