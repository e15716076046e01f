from tests.projects.urls_table_goals import GOAL_ROWS

ROWS = [*GOAL_ROWS]
