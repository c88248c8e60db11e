/** The tables of gold that everybody who reads sees whole, and why they may. */
export const unprotected: Readonly<Record<string, string>> = {
  dim_date: 'the calendar',
  dim_datetime: 'the minutes of the calendar',
  dim_horizon: 'how far ahead forecasts look',
  dim_model: 'names and versions of prediction models',
  dim_target: 'names of what is predicted',
  dim_tariff: 'public prices of electricity',
  dim_weather_site: 'places of the public weather forecast',
  fact_model_importance: 'what models look at, learnt from all',
  fact_weather_day: 'the public weather forecast',
  fact_weather_hour: 'the public weather forecast',
};
