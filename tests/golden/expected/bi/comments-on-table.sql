-- run
comment on table "gold"."device" is 'Sensors, each once';

-- run
comment on column "gold"."device"."device_key" is 'Key';

-- run
comment on column "gold"."device"."label" is E'It''s a \\ label';

-- run
comment on column "gold"."device"."seen_at" is 'Last reading';

-- run
comment on column "gold"."device"."bought_at" is 'When it was bought';

-- run
comment on column "gold"."device"."made_on" is 'When it was made';
