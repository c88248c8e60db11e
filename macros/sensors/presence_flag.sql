{{! Whether a minute of a room counts as presence, by the variable presence_rule. motion, open, changed: boolean SQL expressions:
    motion was seen, a door is open, a door opened or closed. }}
{{#if (eq (var "presence_rule" "motion_or_door") "motion_or_door")}}
({{motion}} or {{open}})
{{else if (eq (var "presence_rule") "motion")}}
({{motion}})
{{else if (eq (var "presence_rule") "motion_or_door_change")}}
({{motion}} or {{changed}})
{{else}}
{{raise_compiler_error "presence_rule is motion_or_door, motion or motion_or_door_change" hint="Set it under vars in project.yml or with --vars."}}
{{/if}}
