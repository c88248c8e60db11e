{{! The apartment that a building belongs to: the one whose owner the name of the house contains, or else whose id; letter
    case and spaces do not matter. NULL for any other house. house_name: an SQL expression. }}
(
    select
        case
        {{#each (var "apartments") as |apartment|}}
            when strpos(h.name, {{> squeezed name=(literal apartment.owner)}}) > 0 then {{literal apartment.id}}
        {{/each}}
        {{#each (var "apartments") as |apartment|}}
            when strpos(h.name, {{> squeezed name=(literal apartment.id)}}) > 0 then {{literal apartment.id}}
        {{/each}}
        end
    from (
        select {{> squeezed name=house_name}} as name
    ) as h
)
