{{! Whether a reading of sensor_events is one that room_quarter sums up. }}
(sensor_type, field) in (
    ('motion', 'motion'),
    ('motion', 'light'),
    ('door', 'open'),
    ('window', 'open'),
    ('plug', 'power'),
    ('consumption', 'total_power'),
    ('meteo', 'co2_ppm'),
    ('meteo', 'noise_db'),
    ('meteo', 'temperature_c')
)
