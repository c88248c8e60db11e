-- compiled
with "ephemeral__passing" as (
select * from "raw"."events"
), events as (select * from (select * from "raw"."events" /* batch of source.raw.events by "at" */) as "events"),
others as (select * from (select * from "raw"."events" /* batch of source.raw.events by "at" */) as e where e.id > 0)
select events.*, timestamptz '0001-01-01 00:00:00+00' /* batch_start */ as since, timestamptz '9999-12-31 00:00:00+00' /* batch_end */ as until
from (select * from "public"."days" /* batch of model.days by "day" */) as "days" -- named as without a filter
join events using (id)
left join "public"."days" as whole on whole.id = days.id
cross join "raw"."rooms"
where exists (select from (select * from "ephemeral__passing" /* batch of model.passing by "at" */) p);

-- of a batch
with "ephemeral__passing" as (
select * from "raw"."events"
), events as (select * from (select * from "raw"."events" where "at" >= timestamptz '2023-10-28T22:00:00Z' and "at" < timestamptz '2023-10-29T23:00:00Z') as "events"),
others as (select * from (select * from "raw"."events" where "at" >= timestamptz '2023-10-28T22:00:00Z' and "at" < timestamptz '2023-10-29T23:00:00Z') as e where e.id > 0)
select events.*, timestamptz '2023-10-28T22:00:00Z' as since, timestamptz '2023-10-29T23:00:00Z' as until
from (select * from "public"."days" where "day" >= date '2023-10-29' and "day" < date '2023-10-30') as "days" -- named as without a filter
join events using (id)
left join "public"."days" as whole on whole.id = days.id
cross join "raw"."rooms"
where exists (select from (select * from "ephemeral__passing" where "at" >= timestamptz '2023-10-28T22:00:00Z' and "at" < timestamptz '2023-10-29T23:00:00Z') p);
