// The pages work without this file. It is served as it is, to browsers as old as Chrome 61 and Safari 11: no syntax
// after ES2017.
(() => {
  const byId = (id) => document.getElementById(id);

  /** The amount so far, as far as it can still become one: at most one point, no more decimals than the currency has. */
  function typeable(text, decimals) {
    const cleaned = text
      .replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
      .replace(/[,，。．]/g, '.')
      .replace(/[^0-9.]/g, '');
    const parts = cleaned.split('.');
    const whole = parts[0].replace(/^0+(?=\d)/, '').slice(0, 13);
    if (parts.length === 1 || decimals === 0) return whole;
    return `${whole === '' ? '0' : whole}.${parts.slice(1).join('').slice(0, decimals)}`;
  }

  /** `1234.5` as the amounts of the page are written: `1,234.50`. */
  function written(text, decimals) {
    const parts = text.split('.');
    const whole = (parts[0] || '0').replace(/\B(?=(\d{3})+$)/g, ',');
    return decimals === 0 ? whole : `${whole}.${(parts[1] || '').padEnd(decimals, '0')}`;
  }

  function serveEntry(form) {
    const input = byId('amount');
    const keypad = byId('keypad');
    const confirm = byId('confirm');
    const said = byId('said');
    const decimals = Number(form.dataset.decimals);
    let sent = false;

    const show = () => {
      const amount = input.value;
      const payable = /[1-9]/.test(amount);
      confirm.textContent = payable
        ? form.dataset.confirmAmount.replace(
            '{}',
            `${form.dataset.currency}\u00a0${written(amount, decimals)}`,
          )
        : form.dataset.confirm;
      input.classList.toggle('long', amount.length > 9);
    };
    const take = (text) => {
      input.value = typeable(text, decimals);
      show();
    };
    const press = (key) => {
      take(key === 'delete' ? input.value.slice(0, -1) : input.value + key);
      said.textContent = input.value;
    };

    keypad.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (button && !sent) press(button.dataset.key);
    });
    keypad.addEventListener('contextmenu', (event) => event.preventDefault());
    input.addEventListener('input', () => take(input.value));
    // Keys of a keyboard count wherever the focus is, except where they work a control.
    document.addEventListener('keydown', (event) => {
      if (sent || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.activeElement === input && !input.readOnly) return;
      if (/^[0-9.,]$/.test(event.key)) press(event.key);
      else if (event.key === 'Backspace') press('delete');
      else return;
      event.preventDefault();
    });

    // One page load is one attempt, and the server sees to that; this only spares people a second tap.
    form.addEventListener('submit', (event) => {
      if (sent) {
        event.preventDefault();
        return;
      }
      sent = true;
      confirm.setAttribute('aria-disabled', 'true');
      confirm.textContent = form.dataset.opening;
    });
    // Back from the wallet, to the page as it was left.
    window.addEventListener('pageshow', (event) => {
      if (!event.persisted) return;
      sent = false;
      confirm.removeAttribute('aria-disabled');
      show();
    });

    // From here on the keypad works, so the system's keyboard may stay away.
    keypad.hidden = false;
    if ('inputMode' in input) input.inputMode = 'none';
    else input.readOnly = true;
    take(input.value);
  }

  /** Follows a payment until it has ended: often at first, while somebody looks. */
  function followPayment(main) {
    const firstMs = 500;
    const fastMs = 1500;
    const slowestMs = 15000;
    let delayMs = firstMs;
    let looks = 0;
    let timer = 0;

    const plan = () => {
      clearTimeout(timer);
      if (document.hidden || !main.dataset.status) return;
      timer = setTimeout(look, delayMs);
    };
    const later = () => {
      looks += 1;
      if (delayMs < fastMs) delayMs = fastMs;
      if (looks > 20) delayMs = Math.min(delayMs * 1.3, slowestMs);
      plan();
    };
    const look = () => {
      fetch(main.dataset.status, { credentials: 'same-origin', cache: 'no-store' })
        .then((answer) => {
          if (!answer.ok) throw new Error(`${answer.status}`);
          return answer.json();
        })
        .then((status) => (status.mark === main.dataset.mark ? null : renew(main)))
        .then(later, () => {
          delayMs = Math.min(delayMs * 2, slowestMs);
          plan();
        });
    };
    const lookSoon = () => {
      if (document.hidden) return;
      delayMs = fastMs;
      looks = 0;
      clearTimeout(timer);
      if (main.dataset.status) look();
    };
    document.addEventListener('visibilitychange', lookSoon);
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) lookSoon();
    });
    plan();
  }

  /** Takes over what the server shows now, in place, so that a reader is told of the change. */
  function renew(main) {
    return fetch(location.pathname + location.search, { credentials: 'same-origin', cache: 'no-store' })
      .then((answer) => {
        if (!answer.ok) throw new Error(`${answer.status}`);
        return answer.text();
      })
      .then((text) => {
        const fresh = new DOMParser().parseFromString(text, 'text/html');
        const freshMain = fresh.querySelector('main.result');
        if (!freshMain) {
          location.reload();
          return;
        }
        for (const id of ['outcome', 'details']) {
          const here = byId(id);
          const there = fresh.getElementById(id);
          here.className = there.className;
          here.textContent = '';
          for (const node of Array.from(there.childNodes)) here.appendChild(document.importNode(node, true));
        }
        main.dataset.mark = freshMain.dataset.mark;
        if (freshMain.dataset.status) main.dataset.status = freshMain.dataset.status;
        else delete main.dataset.status;
        document.title = fresh.title;
        showLocalTimes();
      });
  }

  function showLocalTimes() {
    const two = (number) => `${number}`.padStart(2, '0');
    for (const element of Array.from(document.querySelectorAll('time[datetime]'))) {
      const at = new Date(element.getAttribute('datetime'));
      if (Number.isNaN(at.getTime())) continue;
      element.textContent =
        `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
        `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    }
  }

  const form = byId('pay');
  if (form) serveEntry(form);
  const result = document.querySelector('main.result');
  if (result) followPayment(result);
  showLocalTimes();
})();
