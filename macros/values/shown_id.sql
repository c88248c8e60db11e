{{! An identifier as Power BI sees it: itself, or its keyed hash with BI_PSEUDONYMISE. id: a text expression. }}
{{#if (flag (env "BI_PSEUDONYMISE" "false"))}}
{{> hmac_sha256 key=(secret "PSEUDONYM_KEY") message=id}}
{{else}}
{{id}}
{{/if}}
