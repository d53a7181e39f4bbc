-- A merchant's policy overrides by wallet and product: {"alipay_open": {"payment_code": {"payAnswerMs": 25000}}}.
--
-- Until now one flat set was laid over every wallet and product. Nothing but SQL by hand could write one and no database
-- is known to hold one; where one stands, it is carried over to every product that it held for.
--
-- Expands only: old code runs beside it and goes on reading policy_override, which this version neither reads nor writes.

alter table merchants
  add column policy_overrides jsonb not null default '{}'
    constraint merchants_policy_overrides_by_product check (
      jsonb_typeof(policy_overrides) = 'object'
      and not jsonb_path_exists(policy_overrides, '$.* ? (@.type() != "object")')
      and not jsonb_path_exists(policy_overrides, '$.*.* ? (@.type() != "object")')
    ),
  -- Figures are whole numbers, yes or no, one word, amounts as decimal strings, or the parts of a pace of repeating. Their
  -- names and ranges are the program's to check.
  add constraint merchants_policy_overrides_figures check (
    not jsonb_path_exists(policy_overrides, 'strict $.** ? (@.type() == "array" || @.type() == "null")')
    and not jsonb_path_exists(policy_overrides, '$.*.*.* ? (@.type() == "number" && (@ < 0 || @ != @.floor()))')
    and not jsonb_path_exists(policy_overrides, '$.*.*.* ? (@.type() == "string" && !(@ like_regex "^([0-9]{1,19}|[a-z_]+)$"))')
    and not jsonb_path_exists(policy_overrides, '$.*.*.*.* ? (@.type() != "number" || @ < 0 || @ != @.floor())')
  );

update merchants
set policy_overrides = jsonb_build_object(
  'alipay_open', jsonb_build_object('payment_code', policy_override, 'order_code', policy_override),
  'alipay_plus', jsonb_build_object(
    'payment_code', policy_override, 'entry_code', policy_override, 'order_code', policy_override
  )
)
where policy_override <> '{}';
