import type { Candidate } from './candidates.ts';

/** The shells that there is a script for. */
export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

// Bash breaks words at colons, so what is before one has to be taken off: it stays on the line. It is older than `mapfile` on macOS.
const bash = `# datacycle completion for bash. Put this line into ~/.bashrc:
#   source <(datacycle completion bash)
# (On macOS's own bash: eval "$(datacycle completion bash)".)
_datacycle_completion() {
    local line=\${COMP_LINE:0:COMP_POINT} typed kept='' candidate
    local -a words
    read -r -a words <<< "$line"
    case $line in *[[:space:]]) words+=('') ;; esac
    typed=\${words[\${#words[@]} - 1]}
    case $COMP_WORDBREAKS in *:*) case $typed in *:*) kept=\${typed%:*}: ;; esac ;; esac
    COMPREPLY=()
    while IFS= read -r candidate; do
        [ -n "$candidate" ] && COMPREPLY+=("\${candidate#"$kept"}")
    done < <("\${words[0]}" completion bash -- "\${words[@]:1}" 2> /dev/null)
    case \${COMPREPLY[0]-} in */ | *+ | *,) compopt -o nospace 2> /dev/null ;; esac
}
complete -F _datacycle_completion datacycle
`;

const zsh = `#compdef datacycle
# datacycle completion for zsh. Put this line into ~/.zshrc, behind compinit:
#   source <(datacycle completion zsh)
_datacycle() {
    local -a candidates
    candidates=("\${(@f)$("\${words[1]}" completion zsh -- "\${(@)words[2,CURRENT]}" 2> /dev/null)}")
    candidates=(\${candidates:#})
    (( \${#candidates} )) && _describe 'datacycle' candidates
}
compdef _datacycle datacycle
`;

const fish = `# datacycle completion for fish. Put this line into ~/.config/fish/config.fish:
#   datacycle completion fish | source
function __datacycle_completion
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    $program completion fish -- $words (commandline -ct) 2> /dev/null
end
complete -c datacycle -f -a '(__datacycle_completion)'
`;

// Older versions lose an empty word on the way to a program, so a blank stands for it.
const powershell = `# datacycle completion for PowerShell. Put this line into your $PROFILE:
#   datacycle completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName datacycle -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | ForEach-Object { $_.Extent.Text })
    $program, $words = $words
    $words = @($words)
    if ($wordToComplete -eq '') { $words += ' ' }
    & $program completion powershell '--' @words 2> $null | ForEach-Object {
        $value, $description = $_ -split [char]9, 2
        if (-not $description) { $description = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
    }
}
`;

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell };

/** The script that a shell loads. */
export function scriptFor(shell: Shell): string {
  return scripts[shell];
}

/** A candidate as the script of a shell reads it: one line. */
export function lineFor(shell: Shell, { value, description }: Candidate): string {
  const short = description.replace(/\s+/g, ' ').slice(0, 80);
  switch (shell) {
    case 'bash':
      return value;
    case 'zsh':
      return `${value.replaceAll(':', '\\:')}:${short}`;
    case 'fish':
    case 'powershell':
      return `${value}\t${short}`;
    default:
      return shell satisfies never;
  }
}
