-- run
comment on column "gold"."device"."label" is E'It''s a \\ label';
