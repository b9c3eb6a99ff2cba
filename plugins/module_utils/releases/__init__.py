# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is live and what was: release records, moving aliases and stages, alarms, going back. See docs/releases.md."""
