-- Refunds that need people, by when that began: one that has ended may need them too, when the wallet's later word is another.
-- Making the index reads the whole table once, and refunds wait for that.
--
-- Old code runs beside it.

create index refunds_attention on refunds (attention_since) where attention is not null;
