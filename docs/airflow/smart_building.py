"""A day of the smart building as a DAG of Apache Airflow 2, from 2.4 on, every step of which may be repeated.

Copy this file into the folder of DAGs. The variables of the environment (DB_URL, KAFKA_BROKERS, BRONZE_ROOT, ...) are those of the
worker, or stand in .env beside project.yml. PROJECT is the folder of the project, DATACYCLE how the program is called there.
"""

import os
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator

PROJECT = os.environ.get("DATACYCLE_PROJECT", "/srv/datacycle/projects/smart-building")
DATACYCLE = os.environ.get("DATACYCLE", f"npx datacycle --project-dir {PROJECT}")

with DAG(
    dag_id="smart_building",
    schedule="30 0 * * *",
    start_date=datetime(2013, 8, 23),
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
        bash_command=f"{DATACYCLE} build --event-time-start {{{{ ds }}}} --event-time-end {{{{ next_ds }}}} --log-format json",
    )
    check = BashOperator(
        task_id="check",
        bash_command=f"{DATACYCLE} status",
    )
    land >> build >> check
