// Fills in and sends the examples. The key stays in its field: nothing is stored, and nothing goes to another host.
(() => {
  const root = new URL(document.body.dataset.root, location.href);
  const texts = document.body.dataset;
  const keyField = document.getElementById('key');
  const placeholderOrder = 'ORDER-1001';

  const contents = document.querySelector('.contents');
  if (matchMedia('(max-width: 899px)').matches) contents.open = false;

  const freshOrderNo = () => `ORDER-${Date.now().toString(36).toUpperCase()}`;

  function requestOf(form) {
    const headers = {};
    let path = form.dataset.path;
    const query = new URLSearchParams();
    for (const input of form.querySelectorAll('input[data-in]')) {
      const value = input.value.trim();
      if (input.dataset.in === 'path') path = path.replace(`{${input.name}}`, encodeURIComponent(value));
      else if (value !== '' && input.dataset.in === 'query') query.set(input.name, value);
      else if (value !== '') headers[input.name] = value;
    }
    const body = form.elements.body?.value ?? null;
    if (body !== null) headers['Content-Type'] = 'application/json';
    const search = query.size === 0 ? '' : `?${query}`;
    return { method: form.dataset.method, url: new URL(path.slice(1) + search, root), headers, body };
  }

  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

  function showCurl(form) {
    const { method, url, headers, body } = requestOf(form);
    const lines = [
      `curl -sS ${method === 'GET' ? '' : `-X ${method} `}${quoted(url.href)}`,
      `-H "Authorization: Bearer $KEY"`,
      ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
      ...(body === null ? [] : [`-d ${quoted(body)}`]),
    ];
    form.querySelector('.curl pre').textContent = lines.join(' \\\n  ');
  }

  function show(form, status, text) {
    const result = form.querySelector('.result');
    result.textContent = '';
    if (status !== null) {
      const badge = document.createElement('p');
      badge.className = status < 300 ? 'status good' : 'status';
      badge.textContent = `${status}`;
      result.append(badge);
    }
    const pre = document.createElement('pre');
    pre.tabIndex = 0;
    pre.textContent = text;
    result.append(pre);
  }

  /** What was made is what the next example is about. */
  function remember(answer) {
    const one = answer?.payment ?? answer;
    if (one?.object !== 'payment' && one?.object !== 'refund') return;
    for (const form of document.querySelectorAll('form.try')) {
      const wants = form.dataset.path.startsWith('/v1/refunds/') ? 'refund' : 'payment';
      const id = form.elements.id;
      if (id !== undefined && wants === one.object) id.value = one.id;
      const orderNo = form.querySelector('input[name=merchant_order_no]');
      if (orderNo !== null && one.merchant_order_no !== undefined) orderNo.value = one.merchant_order_no;
      showCurl(form);
    }
  }

  async function send(form) {
    const key = keyField.value.trim();
    if (key === '') {
      show(form, null, texts.keyMissing);
      keyField.focus();
      return;
    }
    const { method, url, headers, body } = requestOf(form);
    const button = form.querySelector('.send');
    button.disabled = true;
    show(form, null, texts.sending);
    try {
      const response = await fetch(url, {
        method,
        headers: { ...headers, Authorization: `Bearer ${key}` },
        ...(body === null ? {} : { body }),
        credentials: 'omit',
        redirect: 'error',
      });
      const text = await response.text();
      let answer = null;
      try {
        answer = JSON.parse(text);
      } catch {}
      show(form, response.status, answer === null ? text : JSON.stringify(answer, null, 2));
      if (response.ok) {
        remember(answer);
        freshen(form);
      }
    } catch {
      show(form, null, texts.noAnswer);
    } finally {
      button.disabled = false;
    }
  }

  /** A number of its own for the next sale, where the example makes one. */
  function freshen(form) {
    const body = form.elements.body;
    if (body === undefined || form.dataset.path !== '/v1/payments') return;
    body.value = body.value.replace(/("merchant_order_no": ")ORDER-[0-9A-Z]+"/, `$1${freshOrderNo()}"`);
    showCurl(form);
  }

  for (const form of document.querySelectorAll('form.try')) {
    const { body, example } = form.elements;
    if (body?.value.includes(placeholderOrder)) freshen(form);
    example?.addEventListener('change', () => {
      body.value = JSON.stringify(JSON.parse(example.value), null, 2);
      freshen(form);
      showCurl(form);
    });
    form.addEventListener('input', () => showCurl(form));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      send(form);
    });
    form.querySelector('.copy').addEventListener('click', async ({ currentTarget: button }) => {
      try {
        await navigator.clipboard.writeText(form.querySelector('.curl pre').textContent);
        button.textContent = texts.copied;
      } catch {
        getSelection().selectAllChildren(form.querySelector('.curl pre'));
      }
    });
    showCurl(form);
  }
  document.getElementById('key-form')?.addEventListener('submit', (event) => event.preventDefault());
})();
