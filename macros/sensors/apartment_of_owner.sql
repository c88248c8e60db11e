{{! The apartment of an owner as written in file names; NULL for an owner that is not configured. owner: an SQL expression. }}
case {{owner}}
{{#each (var "apartments") as |apartment|}}
    when {{literal apartment.owner}} then {{literal apartment.id}}
{{/each}}
end
