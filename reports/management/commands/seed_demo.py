import os
from random import Random

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from projects.services.goals import refresh_progress
from reports.demo.activities import make_activities
from reports.demo.clients import World, make_clients, make_groups
from reports.demo.goals import make_goals
from reports.demo.people import DOMAIN, make_people
from reports.demo.profile import make_profile
from reports.demo.projects import make_projects
from reports.demo.service import make_service
from reports.demo.surveys import make_surveys
from reports.demo.touches import make_touches
from reports.demo.value import make_evidence, make_value

SEED = 2026
DEFAULT_PASSWORD = "tandem-demo-2026"  # noqa: S105 - printed at the start of every demo

SIGN_INS = {
    "admin": "administrator, English",
    "lin": "project manager, 简体中文",
    "omar": "project manager, English",
    "sara": "team member, English",
    "chen": "team member, 简体中文",
}


class Command(BaseCommand):
    help = "Load the invented demo data once: people, clients, groups, projects, goals, surveys."

    def handle(self, *args, **options):
        if not (settings.DEBUG or os.environ.get("TANDEM_DEMO") == "1"):
            raise CommandError(
                "Demo people must not exist in production. Set TANDEM_DEMO=1 to load them anyway."
            )
        password = os.environ.get("DEMO_PASSWORD", DEFAULT_PASSWORD)
        if User.objects.filter(email=f"lin@{DOMAIN}").exists():
            self.stdout.write("Demo data: already there.")
        else:
            self.load(password)
        self.stdout.write(f"Sign in with the password {password} as")
        for short, who in SIGN_INS.items():
            self.stdout.write(f"  {short}@{DOMAIN:<20} {who}")

    def load(self, password):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '120s'")
            world = World(timezone.localdate(), Random(SEED), make_people(password))  # noqa: S311
            make_clients(world)
            make_groups(world)
            make_profile(world)
            make_value(world)
            make_projects(world)
            make_goals(world)
            make_evidence(world)
            make_surveys(world)
            make_service(world)
            make_activities(world)
            make_touches(world)
            refresh_progress()
        self.stdout.write(
            "Demo data: 6 client groups, 120 clients, 8 projects, 300 tasks, 3 surveys."
        )
