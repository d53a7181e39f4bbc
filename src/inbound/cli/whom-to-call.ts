/**
 * Whom to call about what needs people: where the wallet is to be asked, whom somebody has written down for its account, or
 * where that is done. RES-19.
 */
export function whomToCall(reason: string | null, supportContact: string | null): string {
  if (reason === 'delivery_exhausted') return 'the merchant: its endpoint accepts nothing';
  if (reason === 'step_failing') return 'nobody at the wallet: the log of this gateway says what is wrong';
  return (
    supportContact ??
    "nobody is named: the support in the wallet's console; `shoudan account set --support-contact` names them"
  );
}
