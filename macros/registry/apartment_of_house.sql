{{! The apartment that a building belongs to: of those whose owner the name of the house contains the one with the longest, else
    the first in the alphabet, as loaders have it; letter case and spaces do not matter. NULL for any other house: an
    apartment's id may well be another person's first name. house_name: an SQL expression. }}
(
    select a.apartment_id
    from (
        values
        {{#each (var "apartments") as |apartment|}}
            ({{literal apartment.id}}, {{> squeezed name=(literal apartment.owner)}}){{#unless @last}},{{/unless}}
        {{/each}}
    ) as a (apartment_id, owner)
    where strpos({{> squeezed name=house_name}}, a.owner) > 0
    order by
        length(a.owner) desc,
        a.owner collate "C"
    limit 1
)
