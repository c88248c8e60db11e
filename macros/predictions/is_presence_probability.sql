{{! Whether a row of predictions says how likely it is that a room is occupied, and does not come from a model that only competes with the one
    in use: a condition. target: presence, of the minute at which its window begins; occupied, of all minutes of a quarter of an hour. }}
p.target = '{{target}}'
and p.value between 0 and 1
and coalesce(p.model_role, 'champion') = 'champion'
{{#if (eq target "occupied")}}
and p.window_minutes = 15
{{/if}}
