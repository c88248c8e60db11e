{{! The kind of a horizon by its name: `day` of `day` and of `day +1500`. name: an SQL expression. }}
regexp_replace({{name}}, ' [+][0-9]{1,7}$', '')
