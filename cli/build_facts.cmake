# Writes build_facts.hpp; run at every build, so that the commit is the one that was built.
# Wants: root, template, output, version, compiler, build_type, caf.
execute_process(COMMAND git -C ${root} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit "unknown")
endif()
configure_file(${template} ${output} @ONLY)
