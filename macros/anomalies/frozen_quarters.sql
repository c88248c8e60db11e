{{! After how many quarters with one value a sensor is frozen. measure: one of anomalies.frozen_hours. }}
(4 * {{lookup (lookup (var "anomalies") "frozen_hours") measure}})
