# SPDX-License-Identifier: MIT
# fish completion for imgcache. The program itself knows its verbs, options and
# names; this only asks.

function __imgcache_complete
    set -l asked (commandline -opc) (commandline -ct)
    set -l program $asked[1]
    set -e asked[1]
    set -l before ''
    # --option=value is completed as the value of --option.
    if string match -qr '^--[^=]*=' -- $asked[-1]
        set before (string replace -r '=.*' '=' -- $asked[-1])
        set -l value (string replace -r '^[^=]*=' '' -- $asked[-1])
        set asked[-1] (string replace -r '=$' '' -- $before)
        set -a asked $value
    end
    for line in (command $program __complete $asked 2>/dev/null)
        switch $line
            case :files
                printf '%s\n' $before(__fish_complete_path $asked[-1])
            case :dirs
                printf '%s\n' $before(__fish_complete_directories $asked[-1])
            case '*'
                echo $before$line
        end
    end
end

complete -c imgcache -f -a '(__imgcache_complete)'
