{{! The longest number of quarters of which anomalies.frozen_hours speaks. }}
greatest(
    {{> frozen_quarters measure="temperature_c"}},
    {{> frozen_quarters measure="co2_ppm"}},
    {{> frozen_quarters measure="noise_db"}}
)
