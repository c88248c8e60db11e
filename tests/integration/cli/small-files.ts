const settings = `name: small
vars:
  apartments:
    - { id: jimmy, owner: JimmyLoup }
    - { id: jeremie, owner: JeremieVianin }
`;

/** Three models on what lands, and a data test. */
export const smallProject = {
  'project.yml': `${settings}models:
  +materialized: incremental
`,
  'models/sources.yml': `sources:
  - name: staging
    tables: [{ name: sensor_file }, { name: registry_row }]
`,
  'models/readings.sql': `{{config unique_key="name" audit_columns="load_id"}}
select name, load_id, (payload->'plugs'->'Office'->>'power')::float8 as power_w
from {{source "staging" "sensor_file"}}
{{#incremental}}where load_id > {{high_water "staging.sensor_file"}}{{/incremental}}
`,
  'models/total.sql': `{{config materialized="table" unique_key="id"}}
select 1 as id, count(*) as files, sum(100 / (power_w - 40.1)) as inverse from {{ref "readings"}}
`,
  'models/tables.sql': `{{config materialized="table" unique_key="table_name"}}
select table_name, count(*) as n from {{source "staging" "registry_row"}} group by table_name
`,
  'tests/data/few_files.sql': `select * from {{ref "total"}} where files > 20\n`,
};

/** Two apartments with roles that read them, and a table, for what `init` makes. */
export const readersProject = {
  'project.yml': `${settings}  access: { apartment_role: role_, admin_role: role_admin, bi_login: role_bi }
`,
  'models/dim_apartment.sql': `{{config materialized="table" schema="gold" unique_key="id"}}\nselect 1 as id\n`,
};
