import { SpanStatusCode, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { tracedCall, tracedEndpoint } from './tracing.ts';

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
);
afterAll(() => trace.disable());
beforeEach(() => exporter.reset());

const call = { wallet: 'alipay_open', name: 'pay', account: 'main', requestId: 'P1' } as const;
const message = {
  url: 'https://shop.example/hook?token=hidden',
  messageId: 'evt_1',
  secret: 'whsec_hidden',
  body: '{"subject":"hidden"}',
  timeoutMs: 5_000,
};

function told() {
  return exporter.getFinishedSpans().map(({ name, attributes, status, events }) => ({
    name,
    outcome: attributes['shoudan.outcome'],
    status,
    events,
  }));
}

it('a call that fails tells the kind of its error, and nothing of what the error says', async () => {
  const failing = tracedCall(call, async (): Promise<{ readonly kind: string }> => {
    throw new TypeError('code 281234567890123456 of payer hidden');
  });
  await expect(failing).rejects.toThrow('hidden');
  expect(told()).toEqual([
    {
      name: 'alipay_open pay',
      outcome: undefined,
      status: { code: SpanStatusCode.ERROR, message: 'TypeError' },
      events: [],
    },
  ]);
});

it.each([
  [{ kind: 'accepted' }, SpanStatusCode.UNSET],
  [{ kind: 'failed', reason: 'the endpoint answered 500' }, SpanStatusCode.ERROR],
] as const)('a message that is %o is told as that, without its URL, secret and body', async (reply, code) => {
  const endpoint = tracedEndpoint({ send: async () => reply });
  expect(await endpoint.send(message)).toBe(reply);
  expect(told()).toEqual([{ name: 'deliver', outcome: reply.kind, status: { code }, events: [] }]);
  expect(JSON.stringify(exporter.getFinishedSpans()[0]?.attributes)).not.toContain('hidden');
});
