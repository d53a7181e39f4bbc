import type { CommandSpec } from '../command-spec.ts';
import { by, json } from './common-options.ts';

const channelId = { value: 'ID', about: 'The channel.', required: true } as const;

/** Channels: the branches that merchants belong to. */
export const channelCommands = {
  'channel add': {
    about: 'Add a channel: who brings merchants to the acquirer, or channels of its own.',
    effect: 'audited',
    arguments: {},
    options: {
      id: { value: 'ID', about: 'The channel: 1 to 32 digits and letters.', required: true },
      name: { value: 'NAME', about: 'Its name.', required: true },
      source: {
        value: 'PID',
        about: 'Its number at alipay_open, 16 digits: the source of the merchants that it brings.',
        required: true,
      },
      parent: {
        value: 'ID',
        about: 'The channel above it. Without one it stands directly below the acquirer.',
      },
      by,
      json,
    },
    notes: [
      '`shoudan merchant add --channel` puts merchants below it, `shoudan merchant key add --channel` makes a key for it.',
    ],
  },
  'channel list': {
    about: 'List the channels, each followed by those that are below it.',
    effect: 'reads',
    arguments: {},
    options: { json },
  },
  'channel show': {
    about: 'Show a channel, with how much stands directly below it.',
    effect: 'reads',
    arguments: {},
    options: { id: channelId, json },
  },
  'channel set': {
    about: "Change a channel's name or source.",
    effect: 'audited',
    arguments: {},
    options: {
      id: channelId,
      name: { value: 'NAME', about: 'Its name.' },
      source: { value: 'PID', about: 'Its number at alipay_open, 16 digits.' },
      by,
      json,
    },
    notes: [
      'A new source is that of the merchants that it has brought itself, too, wherever they had the old one: this corrects them all at once.',
      'What the wallet was told when they were onboarded is not changed by it.',
    ],
  },
  'channel move': {
    about: 'Put a channel with everything that is below it below another one.',
    effect: 'audited',
    arguments: {},
    options: {
      id: channelId,
      to: {
        value: 'ID',
        about: "The channel that is to be above it; '' puts it directly below the acquirer.",
        required: true,
      },
      by,
      json,
    },
    notes: [
      'Gateways that run notice it within 5 seconds; until then it is reached by the keys of the channels that were above it.',
    ],
  },
  'channel close': {
    about: 'Close a channel for good, and revoke its keys.',
    effect: 'audited',
    arguments: {},
    options: { id: channelId, by, json },
    notes: [
      'Nothing may stand below it: put its channels and merchants elsewhere first.',
      'Gateways that run notice it within 5 seconds.',
    ],
  },
} as const satisfies { readonly [words: string]: CommandSpec };
