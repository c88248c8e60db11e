"""A day of the smart building as a DAG of Apache Airflow 2, from 2.4 on, every step of which may be repeated.

Copy this file into the folder of DAGs. The variables of the environment (DB_URL, KAFKA_BROKERS, BRONZE_ROOT, ...) are those of the
worker, or stand in .env beside project.yml. PROJECT is the folder of the project, DATACYCLE how the program is called there.
"""

import os
from datetime import timedelta

import pendulum
from airflow import DAG
from airflow.operators.bash import BashOperator

PROJECT = os.environ.get("DATACYCLE_PROJECT", "/srv/datacycle/projects/smart-building")
# The zone of the building: a day is built once it is over there.
ZONE = "America/Los_Angeles"
DATACYCLE = os.environ.get("DATACYCLE", f"npx datacycle --project-dir {PROJECT}")

with DAG(
    dag_id="smart_building",
    schedule="30 0 * * *",
    start_date=pendulum.datetime(2013, 8, 23, tz=ZONE),
    catchup=False,
    # The program lets one run at a time into a database; the second one would fail.
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
) as dag:
    land = BashOperator(
        task_id="land",
        bash_command=f"{DATACYCLE} load stream --log-format json",
    )
    build = BashOperator(
        task_id="build",
        bash_command=f"{DATACYCLE} build --event-time-start {{{{ data_interval_start.in_timezone('{ZONE}') | ds }}}}"
        f" --event-time-end {{{{ data_interval_end.in_timezone('{ZONE}') | ds }}}} --log-format json",
    )
    check = BashOperator(
        task_id="check",
        bash_command=f"{DATACYCLE} status",
    )
    land >> build >> check
