/** A project with something of every kind that a selector can name. */
export const shop: Readonly<Record<string, string>> = {
  'project.yml': `name: shop
models:
  marts:
    +tags: [nightly]
    finance: { +group: finance, +materialized: table }
seeds:
  ref: { +tags: [reference] }
`,
  'models/staging/sources.yml': `sources:
  - name: raw
    tables:
      - { name: orders, columns: [{ name: id, data_tests: [not_null] }] }
      - { name: payments }
  - name: crm
    tables: [{ name: customers }, { name: orders }]
`,
  'models/staging/raw/stg_orders.sql': 'select * from {{source "raw" "orders"}}',
  'models/staging/raw/stg_payments.sql': '{{config tags="base, money"}}select * from {{source "raw" "payments"}}',
  'models/staging/stg_customers.sql': '{{config materialized="ephemeral"}}select * from {{source "crm" "customers"}}',
  'models/staging/staging.yml': `models:
  - name: stg_orders
    config: { meta: { owner: anna, pii: true, levels: [1, gold], nested: { deep: { er: yes_it_is } } } }
    columns:
      - { name: id, tags: [keyed], data_tests: [unique, not_null] }
      - name: status
        data_tests:
          - accepted_values: { arguments: { values: [placed, shipped, returned] } }
  - name: stg_payments
    columns:
      - { name: id, data_tests: [{ unique: { config: { severity: warn, tags: [soft] } } }] }
      - name: order_id
        data_tests:
          - relationships: { arguments: { to: ref('stg_orders'), field: id } }
  - name: stg_customers
    access: protected
    group: finance
groups:
  - { name: finance, owner: { name: Anna } }
exposures:
  - name: weekly_report
    type: dashboard
    owner: { email: a@example.org }
    depends_on: [ref('fct_orders'), ref('dim_customers')]
  - name: crm_sync
    type: application
    owner: { email: a@example.org }
    tags: [outside]
    depends_on: [ref('dim_customers'), "source('crm', 'orders')"]
`,
  'models/marts/core/dim_customers.sql':
    '{{config materialized="table"}}select * from {{ref "stg_customers"}} join {{ref "countries"}} using (country)',
  'models/marts/core/fct_orders.sql': `{{config materialized="incremental" unique_key="id" incremental_strategy="merge" on_schema_change="append_new_columns"}}
select * from {{ref "stg_orders"}} join {{ref "dim_customers"}} using (customer_id) join {{ref "stg_payments"}} using (order_id)`,
  'models/marts/finance/revenue.sql': 'select * from {{ref "fct_orders"}} join {{ref "tariffs"}} using (tariff)',
  'models/marts/finance/ledger.sql':
    '{{config enabled=true tags="money"}}select * from {{ref "revenue"}} cross join {{ref "stg_payments"}}',
  'models/marts/marts.yaml': `models:
  - name: dim_customers
    access: public
    columns:
      - name: customer_id
        data_tests: [not_null, unique]
  - name: revenue
    columns:
      - { name: day, data_tests: [{ unique: { name: revenue_once_a_day } }] }
`,
  'models/orphan.sql': 'select 1 as id',
  'models/history/orders_history.sql':
    '{{config materialized="snapshot" schema="history" strategy="check" check_cols="all" unique_key="id"}}select * from {{ref "stg_orders"}}',
  'seeds/countries.csv': 'country\n',
  'seeds/ref/tariffs.csv': 'tariff\n',
  'seeds/seeds.yml': 'seeds: [{ name: countries, columns: [{ name: country, data_tests: [not_null] }] }]',
  'tests/data/no_gaps.sql': 'select * from {{ref "fct_orders"}}, {{ref "stg_payments"}}',
  'tests/revenue_adds_up.sql': '{{config severity="warn" tags="slow"}}select * from {{ref "revenue"}}',
};
