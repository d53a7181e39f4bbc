create table api_keys (
  key_hash bytea not null,
  scope text not null,
  merchant_id text,
  label text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  requests_per_s integer,
  signature_required boolean not null default false,
  constraint api_keys_pkey PRIMARY KEY (key_hash),
  constraint api_keys_check CHECK (((scope = 'merchant'::text) = (merchant_id IS NOT NULL))),
  constraint api_keys_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint api_keys_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id),
  constraint api_keys_requests_per_s_check CHECK (((requests_per_s >= 1) AND (requests_per_s <= 100000))),
  constraint api_keys_scope_check CHECK ((scope = ANY (ARRAY['acquirer'::text, 'merchant'::text])))
);

create table channel_keys (
  key_hash bytea not null,
  channel_id text not null,
  label text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  requests_per_s integer,
  signature_required boolean not null default false,
  constraint channel_keys_pkey PRIMARY KEY (key_hash),
  constraint channel_keys_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES channels(id),
  constraint channel_keys_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint channel_keys_requests_per_s_check CHECK (((requests_per_s >= 1) AND (requests_per_s <= 100000)))
);

create table channels (
  id text not null,
  name text not null,
  parent text,
  source text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  closed_at timestamp with time zone,
  constraint channels_pkey PRIMARY KEY (id),
  constraint channels_id_check CHECK ((id ~ '^[0-9A-Za-z]{1,32}$'::text)),
  constraint channels_name_check CHECK (((length(name) >= 1) AND (length(name) <= 256))),
  constraint channels_parent_fkey FOREIGN KEY (parent) REFERENCES channels(id),
  constraint channels_source_check CHECK ((source ~ '^\d{16}$'::text))
);

CREATE INDEX channels_of_parent ON public.channels USING btree (parent);

CREATE TRIGGER channels_are_a_tree BEFORE INSERT OR UPDATE OF parent ON public.channels FOR EACH ROW EXECUTE FUNCTION keep_channels_a_tree();

create table deliveries (
  merchant_id text not null,
  id text not null,
  type text not null,
  subject text not null,
  subject_id text not null,
  payment_id text not null,
  url text not null,
  state text not null,
  tries integer not null default 0,
  last_failure text,
  due_at timestamp with time zone,
  lease_until timestamp with time zone,
  created_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint deliveries_pkey PRIMARY KEY (merchant_id, id, created_at),
  constraint deliveries_check CHECK (((state = 'pending'::text) = (due_at IS NOT NULL))),
  constraint deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'withdrawn'::text, 'exhausted'::text, 'held'::text]))),
  constraint deliveries_subject_check CHECK ((subject = ANY (ARRAY['payment'::text, 'refund'::text])))
) partition by RANGE (created_at);

CREATE INDEX deliveries_by_age ON ONLY public.deliveries USING btree (created_at, id);
CREATE INDEX deliveries_due ON ONLY public.deliveries USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX deliveries_given_up ON ONLY public.deliveries USING btree (merchant_id, url, created_at, id) WHERE (state = ANY (ARRAY['held'::text, 'exhausted'::text]));
CREATE INDEX deliveries_of_payment ON ONLY public.deliveries USING btree (payment_id, merchant_id);

create table endpoints (
  merchant_id text not null,
  url text not null,
  failing_since timestamp with time zone not null,
  failures integer not null,
  last_failure text not null,
  disabled_at timestamp with time zone,
  constraint endpoints_pkey PRIMARY KEY (merchant_id, url)
);

create table entry_codes (
  merchant_id text not null,
  code text not null,
  store_id text not null,
  currency text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  disabled_at timestamp with time zone,
  constraint entry_codes_pkey PRIMARY KEY (merchant_id, code),
  constraint entry_codes_code_check CHECK ((code ~ '^[0-9A-HJKMNP-TV-Z]{20}$'::text)),
  constraint entry_codes_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint entry_codes_merchant_id_store_id_fkey FOREIGN KEY (merchant_id, store_id) REFERENCES stores(merchant_id, id)
);

create table held_cancels (
  merchant_id text not null,
  payment_request_id text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  cleared_at timestamp with time zone,
  cleared_note text,
  constraint held_cancels_pkey PRIMARY KEY (merchant_id, payment_request_id),
  constraint held_cancels_check CHECK (((cleared_at IS NULL) = (cleared_note IS NULL)))
);

CREATE INDEX held_cancels_open ON public.held_cancels USING btree (created_at) WHERE (cleared_at IS NULL);

create table held_order_cancels (
  merchant_id text not null,
  merchant_order_no text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint held_order_cancels_pkey PRIMARY KEY (merchant_id, merchant_order_no)
);

CREATE INDEX held_order_cancels_by_age ON public.held_order_cancels USING btree (created_at);

create table idempotency_keys (
  merchant_id text not null,
  key text not null,
  fingerprint bytea not null,
  payment_id text,
  refund_id text,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint idempotency_keys_pkey PRIMARY KEY (merchant_id, key),
  constraint idempotency_keys_check CHECK (((payment_id IS NULL) <> (refund_id IS NULL)))
);

CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (created_at);

create table kept_answers (
  merchant_id text not null,
  payment_id text not null,
  received_at timestamp with time zone not null default clock_timestamp(),
  refund_id text,
  call text not null,
  answer text not null,
  wallet_code text,
  sealed_bytes bytea not null,
  constraint kept_answers_pkey PRIMARY KEY (merchant_id, payment_id, received_at)
);

CREATE INDEX kept_answers_by_age ON public.kept_answers USING btree (received_at);

create table merchants (
  id text not null,
  short_no bigint not null generated always as identity,
  name text not null,
  policy_override jsonb not null default '{}'::jsonb,
  notify_url text,
  delivery_secret bytea not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  mcc text,
  order_code_scene text,
  order_code_expiry_ms integer,
  policy_overrides jsonb not null default '{}'::jsonb,
  channel_id text,
  constraint merchants_pkey PRIMARY KEY (id),
  constraint merchants_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES channels(id),
  constraint merchants_check CHECK (((order_code_scene IS NULL) = (order_code_expiry_ms IS NULL))),
  constraint merchants_id_check CHECK ((id ~ '^[0-9A-Za-z]{1,32}$'::text)),
  constraint merchants_mcc_check CHECK ((mcc ~ '^\d{4}$'::text)),
  constraint merchants_order_code_expiry_ms_check CHECK (((order_code_expiry_ms >= 60000) AND (order_code_expiry_ms <= 7200000))),
  constraint merchants_policy_overrides_by_product CHECK (((jsonb_typeof(policy_overrides) = 'object'::text) AND (NOT jsonb_path_exists(policy_overrides, '$.*?(@.type() != "object")'::jsonpath)) AND (NOT jsonb_path_exists(policy_overrides, '$.*.*?(@.type() != "object")'::jsonpath)))),
  constraint merchants_policy_overrides_figures CHECK (((NOT jsonb_path_exists(policy_overrides, 'strict $.**?(@.type() == "array" || @.type() == "null")'::jsonpath)) AND (NOT jsonb_path_exists(policy_overrides, '$.*.*.*?(@.type() == "number" && (@ < 0 || @ != @.floor()))'::jsonpath)) AND (NOT jsonb_path_exists(policy_overrides, '$.*.*.*?(@.type() == "string" && !(@ like_regex "^([0-9]{1,19}|[a-z_]+)$"))'::jsonpath)) AND (NOT jsonb_path_exists(policy_overrides, '$.*.*.*.*?((@.type() != "number" || @ < 0) || @ != @.floor())'::jsonpath)))),
  constraint merchants_short_no_check CHECK ((short_no < '34359738368'::bigint)),
  constraint merchants_short_no_key UNIQUE (short_no)
);

CREATE INDEX merchants_of_channel ON public.merchants USING btree (channel_id);

create table operator_actions (
  id bigint not null generated always as identity,
  acted_at timestamp with time zone not null default clock_timestamp(),
  acted_by text not null,
  means text not null,
  action text not null,
  merchant_id text,
  subject text not null,
  subject_id text not null,
  note text,
  before jsonb,
  after jsonb,
  constraint operator_actions_pkey PRIMARY KEY (id),
  constraint operator_actions_acted_by_check CHECK (((length(acted_by) >= 1) AND (length(acted_by) <= 100))),
  constraint operator_actions_means_check CHECK ((means ~ '^[a-z_]{1,32}$'::text))
);

CREATE INDEX operator_actions_by_age ON public.operator_actions USING btree (acted_at);
CREATE INDEX operator_actions_of_merchant ON public.operator_actions USING btree (merchant_id, id);
CREATE INDEX operator_actions_of_subject ON public.operator_actions USING btree (subject_id, id);

CREATE TRIGGER operator_actions_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.operator_actions FOR EACH STATEMENT EXECUTE FUNCTION keep_operator_actions();

create table orders (
  merchant_id text not null,
  merchant_order_no text not null,
  closed_at timestamp with time zone,
  requests integer not null default 0,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint orders_pkey PRIMARY KEY (merchant_id, merchant_order_no)
);

create table payment_events (
  merchant_id text not null,
  payment_id text not null,
  version integer not null,
  ordinal smallint not null,
  type text not null,
  data jsonb not null,
  occurred_at timestamp with time zone not null,
  constraint payment_events_pkey PRIMARY KEY (merchant_id, payment_id, version, ordinal, occurred_at)
) partition by RANGE (occurred_at);

create table payments (
  merchant_id text not null,
  id text not null,
  merchant_order_no text not null,
  wallet text not null,
  account text not null,
  product text not null,
  currency text not null,
  amount bigint not null,
  store_id text not null,
  terminal_id text not null,
  sub_merchant_id text not null,
  subject text not null,
  notify_url text,
  metadata jsonb not null,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  state text not null,
  reversal_state text,
  reversal_by text,
  refund_instead boolean not null default false,
  known_to_wallet boolean not null default false,
  paid_evidence boolean not null default false,
  wallet_transaction_id text,
  failure jsonb,
  cancelled_by text,
  refund_reserved bigint not null default 0,
  refunded bigint not null default 0,
  open_refunds integer not null default 0,
  next_step text,
  due_at timestamp with time zone,
  tries integer not null default 0,
  attention text,
  attention_since timestamp with time zone,
  version integer not null,
  updated_at timestamp with time zone not null,
  lease_until timestamp with time zone,
  refund_turn_at timestamp with time zone,
  payer_action jsonb,
  payer_active_until timestamp with time zone,
  paid_at timestamp with time zone,
  refund_ids_spent smallint not null default 0,
  refund_id_doubted boolean not null default false,
  waits_for text,
  window_ends_at timestamp with time zone,
  constraint payments_pkey PRIMARY KEY (merchant_id, id),
  constraint payments_amount_check CHECK ((amount > 0)),
  constraint payments_check CHECK (((reversal_state IS NULL) = (reversal_by IS NULL))),
  constraint payments_check1 CHECK (((next_step IS NULL) = (due_at IS NULL))),
  constraint payments_check2 CHECK (((state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text])) OR (due_at IS NOT NULL))),
  constraint payments_check3 CHECK (((0 <= refunded) AND (refunded <= refund_reserved) AND (refund_reserved <= amount))),
  constraint payments_check4 CHECK (((waits_for IS NULL) = (window_ends_at IS NULL))),
  constraint payments_merchant_id_merchant_order_no_fkey FOREIGN KEY (merchant_id, merchant_order_no) REFERENCES orders(merchant_id, merchant_order_no),
  constraint payments_open_refunds_check CHECK ((open_refunds >= 0)),
  constraint payments_reversal_state_check CHECK ((reversal_state = ANY (ARRAY['cancelling'::text, 'settling'::text, 'refunding'::text, 'watching'::text, 'effected'::text, 'baseless'::text]))),
  constraint payments_state_check CHECK ((state = ANY (ARRAY['submitted'::text, 'issued'::text, 'awaiting_payer'::text, 'unknown'::text, 'succeeded'::text, 'failed'::text, 'reversing'::text, 'cancelled_provisionally'::text, 'cancelled'::text])))
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.05);

CREATE INDEX payments_attention ON public.payments USING btree (attention_since) WHERE (attention IS NOT NULL);
CREATE INDEX payments_due ON public.payments USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX payments_of_order ON public.payments USING btree (merchant_order_no, merchant_id, created_at);
CREATE INDEX payments_waiting_for_account ON public.payments USING btree (waits_for, window_ends_at) WHERE ((waits_for IS NOT NULL) AND (due_at IS NOT NULL));
CREATE UNIQUE INDEX payments_one_holder_per_order ON public.payments USING btree (merchant_order_no, merchant_id) WHERE (state <> ALL (ARRAY['failed'::text, 'cancelled'::text]));

create table refunds (
  merchant_id text not null,
  id text not null,
  payment_id text not null,
  merchant_refund_no text,
  currency text not null,
  amount bigint not null,
  reason text,
  created_at timestamp with time zone not null,
  state text not null,
  failure jsonb,
  next_step text,
  due_at timestamp with time zone,
  tries integer not null default 0,
  attention text,
  attention_since timestamp with time zone,
  version integer not null,
  updated_at timestamp with time zone not null,
  lease_until timestamp with time zone,
  waits_for text,
  window_ends_at timestamp with time zone,
  constraint refunds_pkey PRIMARY KEY (merchant_id, id),
  constraint refunds_amount_check CHECK ((amount > 0)),
  constraint refunds_check CHECK (((next_step IS NULL) = (due_at IS NULL))),
  constraint refunds_check1 CHECK (((state = ANY (ARRAY['succeeded'::text, 'failed'::text])) = (due_at IS NULL))),
  constraint refunds_check2 CHECK (((waits_for IS NULL) = (window_ends_at IS NULL))),
  constraint refunds_merchant_id_payment_id_fkey FOREIGN KEY (merchant_id, payment_id) REFERENCES payments(merchant_id, id),
  constraint refunds_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'unknown'::text, 'refused'::text, 'succeeded'::text, 'failed'::text])))
) with (fillfactor=80, autovacuum_vacuum_scale_factor=0.02);

CREATE INDEX refunds_attention ON public.refunds USING btree (attention_since) WHERE (attention IS NOT NULL);
CREATE INDEX refunds_due ON public.refunds USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX refunds_of_payment ON public.refunds USING btree (payment_id, merchant_id, created_at);
CREATE INDEX refunds_waiting_for_account ON public.refunds USING btree (waits_for, window_ends_at) WHERE ((waits_for IS NOT NULL) AND (due_at IS NOT NULL));
CREATE UNIQUE INDEX refunds_one_per_merchant_no ON public.refunds USING btree (payment_id, merchant_id, merchant_refund_no) WHERE (merchant_refund_no IS NOT NULL);

create table request_nonces (
  key_hash bytea not null,
  nonce text not null,
  used_at timestamp with time zone not null default clock_timestamp(),
  constraint request_nonces_pkey PRIMARY KEY (key_hash, nonce),
  constraint request_nonces_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint request_nonces_nonce_check CHECK (((length(nonce) >= 1) AND (length(nonce) <= 256)))
);

CREATE INDEX request_nonces_by_age ON public.request_nonces USING btree (used_at);

create table request_signers (
  key_hash bytea not null,
  keyid text not null,
  public_key text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  removed_at timestamp with time zone,
  constraint request_signers_pkey PRIMARY KEY (key_hash, keyid),
  constraint request_signers_key_hash_check CHECK ((length(key_hash) = 32)),
  constraint request_signers_keyid_check CHECK ((keyid ~ '^[0-9A-Za-z._:-]{1,64}$'::text))
);

create table stores (
  merchant_id text not null,
  id text not null,
  name text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  mcc text,
  constraint stores_pkey PRIMARY KEY (merchant_id, id),
  constraint stores_id_check CHECK ((id ~ '^[0-9A-Za-z]{1,32}$'::text)),
  constraint stores_mcc_check CHECK ((mcc ~ '^\d{4}$'::text)),
  constraint stores_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id)
);

create table stray_cancels (
  merchant_id text not null,
  id text not null,
  payment_request_id text not null,
  wallet text not null,
  account text not null,
  currency text,
  amount bigint,
  state text not null,
  reversal_state text not null,
  refund_instead boolean not null default false,
  refund_ids_spent smallint not null default 0,
  refund_id_doubted boolean not null default false,
  known_to_wallet boolean not null default false,
  paid_evidence boolean not null default false,
  wallet_transaction_id text,
  cancelled_by text,
  next_step text,
  due_at timestamp with time zone,
  tries integer not null default 0,
  attention text,
  attention_since timestamp with time zone,
  version integer not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  lease_until timestamp with time zone,
  waits_for text,
  window_ends_at timestamp with time zone,
  constraint stray_cancels_pkey PRIMARY KEY (merchant_id, id),
  constraint stray_cancels_amount_check CHECK ((amount > 0)),
  constraint stray_cancels_check CHECK (((currency IS NULL) = (amount IS NULL))),
  constraint stray_cancels_check1 CHECK (((next_step IS NULL) = (due_at IS NULL))),
  constraint stray_cancels_check2 CHECK (((state = 'cancelled'::text) OR (due_at IS NOT NULL))),
  constraint stray_cancels_check3 CHECK (((waits_for IS NULL) = (window_ends_at IS NULL))),
  constraint stray_cancels_merchant_id_payment_request_id_fkey FOREIGN KEY (merchant_id, payment_request_id) REFERENCES held_cancels(merchant_id, payment_request_id),
  constraint stray_cancels_reversal_state_check CHECK ((reversal_state = ANY (ARRAY['cancelling'::text, 'settling'::text, 'refunding'::text, 'watching'::text, 'effected'::text, 'baseless'::text]))),
  constraint stray_cancels_state_check CHECK ((state = ANY (ARRAY['reversing'::text, 'cancelled_provisionally'::text, 'cancelled'::text])))
);

CREATE INDEX stray_cancels_due ON public.stray_cancels USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX stray_cancels_of_request ON public.stray_cancels USING btree (payment_request_id, merchant_id);
CREATE INDEX stray_cancels_waiting_for_account ON public.stray_cancels USING btree (waits_for, window_ends_at) WHERE ((waits_for IS NOT NULL) AND (due_at IS NOT NULL));

create table stray_notifications (
  wallet text not null,
  account text not null,
  payment_request_id text not null,
  says text not null,
  times integer not null default 1,
  sealed_bytes bytea not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  last_at timestamp with time zone not null default clock_timestamp(),
  cleared_at timestamp with time zone,
  cleared_note text,
  constraint stray_notifications_pkey PRIMARY KEY (wallet, account, payment_request_id, says),
  constraint stray_notifications_check CHECK (((cleared_at IS NULL) = (cleared_note IS NULL)))
);

create table terminals (
  merchant_id text not null,
  store_id text not null,
  id text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint terminals_pkey PRIMARY KEY (merchant_id, store_id, id),
  constraint terminals_id_check CHECK ((id ~ '^[0-9A-Za-z]{1,8}$'::text)),
  constraint terminals_merchant_id_store_id_fkey FOREIGN KEY (merchant_id, store_id) REFERENCES stores(merchant_id, id)
);

create table untrusted_answers (
  merchant_id text not null,
  payment_id text not null,
  received_at timestamp with time zone not null default clock_timestamp(),
  call text not null,
  detail text not null,
  sealed_bytes bytea,
  constraint untrusted_answers_pkey PRIMARY KEY (merchant_id, payment_id, received_at)
);

CREATE INDEX untrusted_answers_by_age ON public.untrusted_answers USING btree (received_at);

create table untrusted_notifications (
  id bigint not null generated always as identity,
  wallet text not null,
  account text not null,
  received_at timestamp with time zone not null default clock_timestamp(),
  detail text not null,
  sealed_bytes bytea not null,
  constraint untrusted_notifications_pkey PRIMARY KEY (id)
);

CREATE INDEX untrusted_notifications_by_age ON public.untrusted_notifications USING btree (received_at);

create table wallet_account_keys (
  wallet text not null,
  account text not null,
  holder text not null,
  version integer not null,
  state text not null,
  private_key bytea,
  public_key text,
  created_at timestamp with time zone not null default clock_timestamp(),
  changed_at timestamp with time zone not null default clock_timestamp(),
  constraint wallet_account_keys_pkey PRIMARY KEY (wallet, account, holder, version),
  constraint wallet_account_keys_check CHECK (((holder = 'ours'::text) OR (state <> 'signing'::text))),
  constraint wallet_account_keys_check1 CHECK (((private_key IS NOT NULL) = ((holder = 'ours'::text) AND (state <> 'retired'::text)))),
  constraint wallet_account_keys_check2 CHECK (((private_key IS NULL) OR (public_key IS NULL))),
  constraint wallet_account_keys_check3 CHECK (((holder = 'ours'::text) OR (public_key IS NOT NULL))),
  constraint wallet_account_keys_holder_check CHECK ((holder = ANY (ARRAY['ours'::text, 'wallet'::text]))),
  constraint wallet_account_keys_state_check CHECK ((state = ANY (ARRAY['signing'::text, 'accepted'::text, 'retired'::text]))),
  constraint wallet_account_keys_version_check CHECK (((version >= 1) AND (version <= 999999999))),
  constraint wallet_account_keys_wallet_account_fkey FOREIGN KEY (wallet, account) REFERENCES wallet_accounts(wallet, name) ON DELETE CASCADE
);

CREATE UNIQUE INDEX wallet_account_keys_signing ON public.wallet_account_keys USING btree (wallet, account) WHERE (state = 'signing'::text);

create table wallet_accounts (
  wallet text not null,
  name text not null,
  gateway_url text not null,
  app_id text not null,
  private_key bytea not null,
  wallet_public_key text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  seller_id text,
  settlement_currency text,
  merchant_region text,
  key_version integer,
  support_contact text,
  constraint wallet_accounts_pkey PRIMARY KEY (wallet, name),
  constraint wallet_accounts_check CHECK (((wallet = 'alipay_plus'::text) OR ((settlement_currency IS NULL) AND (merchant_region IS NULL) AND (key_version IS NULL)))),
  constraint wallet_accounts_key_version_check CHECK (((key_version >= 1) AND (key_version <= 999999999))),
  constraint wallet_accounts_merchant_region_check CHECK ((merchant_region ~ '^[A-Z]{2}$'::text)),
  constraint wallet_accounts_name_check CHECK ((name ~ '^[0-9A-Za-z_-]{1,32}$'::text)),
  constraint wallet_accounts_seller_id_check CHECK ((seller_id ~ '^\d{16}$'::text)),
  constraint wallet_accounts_settlement_currency_check CHECK ((settlement_currency ~ '^[A-Z]{3}$'::text)),
  constraint wallet_accounts_support_contact_check CHECK (((length(support_contact) >= 1) AND (length(support_contact) <= 200)))
);

CREATE TRIGGER wallet_accounts_keys AFTER INSERT OR UPDATE ON public.wallet_accounts FOR EACH ROW EXECUTE FUNCTION keep_account_keys();

create table wallet_bindings (
  merchant_id text not null,
  wallet text not null,
  currency text not null,
  account text not null,
  sub_merchant_id text,
  created_at timestamp with time zone not null default clock_timestamp(),
  source text,
  constraint wallet_bindings_pkey PRIMARY KEY (merchant_id, wallet, currency),
  constraint wallet_bindings_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint wallet_bindings_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchants(id),
  constraint wallet_bindings_source_check CHECK ((source ~ '^\d{16}$'::text)),
  constraint wallet_bindings_wallet_account_fkey FOREIGN KEY (wallet, account) REFERENCES wallet_accounts(wallet, name)
);

CREATE INDEX wallet_bindings_of_smid ON public.wallet_bindings USING btree (wallet, sub_merchant_id) WHERE (sub_merchant_id IS NOT NULL);
CREATE UNIQUE INDEX wallet_bindings_one_merchant_per_smid ON public.wallet_bindings USING btree (wallet, account, sub_merchant_id, currency) WHERE (sub_merchant_id IS NOT NULL);

CREATE TRIGGER wallet_bindings_one_merchant_per_smid BEFORE INSERT OR UPDATE OF account, sub_merchant_id ON public.wallet_bindings FOR EACH ROW EXECUTE FUNCTION keep_smids_apart();

create table workers (
  id text not null,
  started_at timestamp with time zone not null default clock_timestamp(),
  seen_at timestamp with time zone not null default clock_timestamp(),
  constraint workers_pkey PRIMARY KEY (id)
);

CREATE OR REPLACE FUNCTION public.ensure_month_partitions(month date)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  first_day date := date_trunc('month', month)::date;
  next_month date := (date_trunc('month', month) + interval '1 month')::date;
  parent text;
  child text;
begin
  perform pg_advisory_xact_lock(hashtext('shoudan partitions'));
  foreach parent in array array['payment_events', 'deliveries'] loop
    child := parent || '_' || to_char(first_day, 'YYYYMM');
    if to_regclass(child) is null then
      -- Months are UTC's, whatever the session's time zone.
      execute format('create table %I partition of %I for values from (%L) to (%L)',
                     child, parent, first_day || ' 00:00:00+00', next_month || ' 00:00:00+00');
    end if;
  end loop;
end $function$
;

CREATE OR REPLACE FUNCTION public.keep_account_keys()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  signing integer;
begin
  if tg_op = 'INSERT' or new.private_key <> old.private_key or new.key_version is distinct from old.key_version then
    signing := coalesce(new.key_version, case new.wallet when 'alipay_plus' then 1 else (
      select version from wallet_account_keys where wallet = new.wallet and account = new.name and state = 'signing'
    ) end, 1);
    update wallet_account_keys set state = 'accepted', changed_at = clock_timestamp()
    where wallet = new.wallet and account = new.name and state = 'signing' and version <> signing;
    insert into wallet_account_keys as known (wallet, account, holder, version, state, private_key)
    values (new.wallet, new.name, 'ours', signing, 'signing', new.private_key)
    on conflict (wallet, account, holder, version) do update
      set state = 'signing', private_key = excluded.private_key, public_key = null,
        created_at = case when known.private_key = excluded.private_key then known.created_at else clock_timestamp() end,
        changed_at = clock_timestamp()
      where known.state <> 'signing' or known.private_key <> excluded.private_key;
  end if;
  if tg_op = 'INSERT' or new.wallet_public_key <> old.wallet_public_key then
    if tg_op = 'UPDATE' then
      update wallet_account_keys set state = 'retired', changed_at = clock_timestamp()
      where wallet = new.wallet and account = new.name and holder = 'wallet' and state = 'accepted'
        and public_key = old.wallet_public_key;
    end if;
    insert into wallet_account_keys (wallet, account, holder, version, state, public_key)
    select new.wallet, new.name, 'wallet', coalesce(max(version), 0) + 1, 'accepted', new.wallet_public_key
    from wallet_account_keys where wallet = new.wallet and account = new.name and holder = 'wallet'
    having not coalesce(bool_or(state = 'accepted' and public_key = new.wallet_public_key), false);
  end if;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.keep_channels_a_tree()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_advisory_xact_lock(hashtext('shoudan channels'));
  if new.parent = new.id or exists (
    with recursive above as (
      select id, parent from channels where id = new.parent
      union
      select c.id, c.parent from channels c join above on c.id = above.parent
    )
    select from above where id = new.id
  ) then
    raise exception 'channel % cannot be below itself', new.id
      using errcode = 'check_violation', constraint = 'channels_are_a_tree', table = 'channels';
  end if;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION public.keep_operator_actions()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'operator_actions is append-only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $function$
;

CREATE OR REPLACE FUNCTION public.keep_smids_apart()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.sub_merchant_id is null then
    return new;
  end if;
  -- Two merchants that are bound at once do not see each other's rows: they take turns.
  perform pg_advisory_xact_lock(hashtext('shoudan smid ' || new.wallet || ' ' || new.sub_merchant_id));
  if exists (
    select from wallet_bindings b
    where b.wallet = new.wallet and b.sub_merchant_id = new.sub_merchant_id and b.merchant_id <> new.merchant_id
      and (b.account = new.account or new.wallet = 'alipay_open')
  ) then
    raise exception 'sub-merchant % of % belongs to another merchant', new.sub_merchant_id, new.wallet
      using errcode = 'unique_violation', constraint = 'wallet_bindings_one_merchant_per_smid', table = 'wallet_bindings';
  end if;
  return new;
end $function$
;
