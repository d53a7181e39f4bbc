export type Language = 'zh-CN' | 'en';

/** What the phone says. */
export interface Texts {
  readonly title: string;
  readonly notice: string;
  readonly pay: string;
  readonly store: string;
  readonly order: string;
  readonly payer: string;
  readonly endless: string;
  readonly confirm: string;
  readonly refuse: string;
  readonly back: string;
  readonly phone: string;
  readonly paid: string;
  readonly failed: string;
  readonly cancelled: string;
  readonly failures: Readonly<Record<string, string>>;
  readonly notDone: string;
  readonly unknownPayment: string;
  readonly scan: string;
  readonly scanHint: string;
  readonly scanButton: string;
  readonly unreadable: string;
  readonly entryCode: string;
  readonly payers: string;
  readonly codes: string;
  readonly newCode: string;
  readonly reusable: string;
  readonly until: string;
  readonly waiting: string;
}

const zhCn: Texts = {
  title: '模拟钱包',
  notice: '这是模拟器，不是真实的钱包，不会动用真实资金。',
  pay: '付款给',
  store: '门店',
  order: '订单',
  payer: '付款人',
  endless: '余额不限',
  confirm: '确认付款',
  refuse: '拒绝',
  back: '返回商户',
  phone: '返回手机',
  paid: '已付款',
  failed: '未付款，订单已关闭',
  cancelled: '商户已撤销',
  failures: { USER_BALANCE_NOT_ENOUGH: '余额不足', 'ACQ.BUYER_BALANCE_NOT_ENOUGH': '余额不足' },
  notDone: '无法完成',
  unknownPayment: '钱包里没有这笔付款。',
  scan: '扫一扫',
  scanHint: '粘贴订单码或入口码的内容',
  scanButton: '扫码',
  unreadable: '这不是模拟钱包认识的码。',
  entryCode: '这是商户的入口码。请在手机浏览器中打开，页面里的付款会转到这个模拟钱包：',
  payers: '付款人',
  codes: '付款码',
  newCode: '出示新付款码',
  reusable: '可重复使用',
  until: '有效至',
  waiting: '等待确认',
};

const en: Texts = {
  title: 'Simulated wallet',
  notice: 'This is the simulator, not a real wallet. No real money moves.',
  pay: 'Pay to',
  store: 'Store',
  order: 'Order',
  payer: 'Payer',
  endless: 'funds never end',
  confirm: 'Confirm',
  refuse: 'Refuse',
  back: 'Back to the merchant',
  phone: 'Back to the phone',
  paid: 'Paid',
  failed: 'Not paid; the order is closed',
  cancelled: 'Cancelled by the merchant',
  failures: {
    USER_BALANCE_NOT_ENOUGH: 'Not enough money',
    'ACQ.BUYER_BALANCE_NOT_ENOUGH': 'Not enough money',
  },
  notDone: 'This cannot be done',
  unknownPayment: 'The wallet knows no such payment.',
  scan: 'Scan',
  scanHint: 'Paste what an order code or entry code says',
  scanButton: 'Scan',
  unreadable: 'This is no code that the simulated wallet knows.',
  entryCode:
    'This is a merchant’s entry code. Open it in a browser; paying there leads to this simulated wallet:',
  payers: 'Payers',
  codes: 'Payment codes',
  newCode: 'Show a new code',
  reusable: 'can be used again',
  until: 'until',
  waiting: 'Waiting for confirmation',
};

export const textsIn: Readonly<Record<Language, Texts>> = { 'zh-CN': zhCn, en };

/** The first of the browser's languages that the phone speaks; English for all others. */
export function languageOf(acceptLanguage: string): Language {
  const wanted = acceptLanguage
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';');
      const quality = parameters.map((one) => /^\s*q=([\d.]+)$/.exec(one)?.[1]).find(Boolean);
      return { tag, quality: Number(quality ?? 1) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  for (const { tag } of wanted) {
    if (/^zh\b/.test(tag)) return 'zh-CN';
    if (/^en\b/.test(tag)) return 'en';
  }
  return 'en';
}
