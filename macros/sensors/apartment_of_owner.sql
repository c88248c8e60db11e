{{! The apartment of an owner as the ledger has it in names, composed; NULL for an owner that is not configured. owner: an SQL expression. }}
case {{owner}}
{{#each (var "apartments") as |apartment|}}
    when {{> composed text=(literal apartment.owner)}} then {{literal apartment.id}}
{{/each}}
end
