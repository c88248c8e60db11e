{{! The apartment that a building belongs to: the first whose owner the name of the house contains; letter case and spaces do
    not matter. NULL for any other house: an apartment's id may well be somebody else's first name. house_name: an SQL
    expression. }}
(
    select
        case
        {{#each (var "apartments") as |apartment|}}
            when strpos(h.name, {{> squeezed name=(literal apartment.owner)}}) > 0 then {{literal apartment.id}}
        {{/each}}
        end
    from (
        select {{> squeezed name=house_name}} as name
    ) as h
)
