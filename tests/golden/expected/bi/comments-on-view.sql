-- run
comment on view "bi"."Energy by minute" is 'What devices use, minute by minute.';

-- run
comment on column "bi"."Energy by minute"."Minute key" is 'The minute';

-- run
comment on column "bi"."Energy by minute"."Device key" is 'The device';

-- run
comment on column "bi"."Energy by minute"."Power (W)" is 'Power. Empty where "Valid" is not true.';

-- run
comment on column "bi"."Energy by minute"."Price" is 'What it costs. Empty where "Valid" is not true.';

-- run
comment on column "bi"."Energy by minute"."First seen (UTC)" is 'First reading. In UTC. Empty where "Valid" is not true.';

-- run
comment on column "bi"."Energy by minute"."First seen (local)" is 'First reading. In the local time of America/New_York. Empty where "Valid" is not true.';

-- run
comment on column "bi"."Energy by minute"."Steps" is 'How many. Empty where "Valid" is not true.';

-- run
comment on column "bi"."Energy by minute"."Valid" is 'To be trusted';
